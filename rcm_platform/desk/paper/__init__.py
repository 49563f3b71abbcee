"""Remittances that came on paper: what a person enters of one becomes an X12 file, a source of the
graph like any other."""
