"""What all of the world needs: dice, dates, columns, parameters."""
