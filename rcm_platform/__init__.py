"""From encounter to cash: one asset graph from source systems to published revenue-cycle marts."""
