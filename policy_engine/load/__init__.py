"""YAML to plain data with places, held against schemas, built into the model. The only floor that reads files."""
