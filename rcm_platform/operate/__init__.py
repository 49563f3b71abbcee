"""One installation at work: its runs, what they report, its health and its backup."""
