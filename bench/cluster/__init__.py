"""A Spark standalone cluster on this machine: `python -m bench.cluster`."""
