"""What must be equal before a version is published."""
