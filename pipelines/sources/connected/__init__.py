"""What all sources share that pull from a running system: asking by HTTP, the raw log, and what can go wrong."""
