"""Tags of runs: for which day they were started, and what the list of runs shows of them."""

AS_OF_TAG = "rcm/as_of"
"""The as-of date that a run was started for; without it, the default holds."""

HEADLESS_TAG = "rcm/headless"
"""Carried by what `rcm run` runs, in its own process."""

ARRIVED_TAG = "rcm/arrived"
"""The source systems whose files a landing run was started for."""

HELD_TAG = "rcm/held"
NOT_READ_TAG = "rcm/not read"
WHOLE_BUILD_TAG = "rcm/whole_build"
"""On a run that makes every table again, also where nothing that it is made of has changed."""
