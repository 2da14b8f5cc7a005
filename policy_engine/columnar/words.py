"""The words by which a batch is asked for; they are known before anything heavy is loaded."""

ENGINES = ("polars", "duckdb", "spark")
FORMATS = ("parquet", "csv", "jsonl")
