"""Texts that a file of answers must hand on as they are."""
