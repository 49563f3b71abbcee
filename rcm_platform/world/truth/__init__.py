"""What is true of the world, for checks alone."""
