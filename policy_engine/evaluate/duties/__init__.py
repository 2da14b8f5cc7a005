"""What an edition asks of a case beside its level, and what binds the level from outside its criteria."""
