"""The pages: the Dagster UI, who may open what in it, and the pages beside it."""
