"""What things cost, measured against the bare work and the budgets; `rcm bench` prints it.

Each module measures one thing, and its `measure` gives the table.
"""
