"""What could not be loaded: held with its reason and its dollars, until it is settled."""
