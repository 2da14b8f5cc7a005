"""Benchmarks: `python -m bench` measures, `bench/cluster/` tries a real Spark cluster."""
