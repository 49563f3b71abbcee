"""The command line `rcm`."""
