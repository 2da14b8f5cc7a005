"""Frozen data and nothing else: facts, rulebook, case, verdict."""
