"""The operations desk: pages on the published files, where people monitor, prioritize and
investigate, and write down what was done. It computes no figure (query.py)."""
