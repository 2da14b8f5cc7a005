"""Open facts: what follows all the same, which outcomes remain, which questions decide, and what would reach a better level."""
