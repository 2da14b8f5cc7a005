"""Proofs about an edition: what can happen under it, what cannot, and the smallest case that shows it. Needs the extra `prove`."""
