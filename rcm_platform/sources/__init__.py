"""One reader per kind of source: database, x12, synthea, csv. Each lands rows and quarantine."""
