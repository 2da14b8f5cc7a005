"""Small editions of invented domains, each for one part of the language."""
