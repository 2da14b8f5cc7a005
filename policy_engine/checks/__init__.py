"""Holds an edition against itself: what is dead, double, unmapped, untranslated, or at odds with the words that it cites."""
