"""Asset checks: what must hold of what was loaded, built and published."""
