"""The canonical layout of our YAML files: only whitespace, quotes and folds are touched, never a comment or a value."""
