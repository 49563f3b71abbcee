"""Executive."""

from rcm_platform.desk import desk, filters, parts

here = desk.here()
parts.head(here, "Executive", "How do we do, why, and what comes next?")
filters.bar(here.chosen, here.offered, here.left_out)
