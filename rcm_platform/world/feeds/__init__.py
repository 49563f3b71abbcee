"""What happened, as the source systems and the clearinghouse write it."""
