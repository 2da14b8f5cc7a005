"""The condition language: values, the white list, types, and its canonical text. Knows no file and no library."""
