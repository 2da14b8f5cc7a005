"""What takes rows through a plan: Polars, DuckDB and Spark."""
