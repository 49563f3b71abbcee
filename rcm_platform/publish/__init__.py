"""What readers see: whole versions, and which audience may see which column."""
