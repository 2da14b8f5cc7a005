"""The small interpreter: what a condition means, what is known of a case, and how the levels of one track come out."""
