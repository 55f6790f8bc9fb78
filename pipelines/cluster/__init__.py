"""The same work on more than one machine: shards of prospects on Dask workers, by way of the lake."""
