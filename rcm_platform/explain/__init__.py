"""How a figure is made: from a KPI to its claims, their ledger entries and the file."""
