"""The reference meaning: an edition and a case to a verdict with its trace."""
