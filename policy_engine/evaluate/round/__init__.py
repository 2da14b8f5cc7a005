"""A round: cases evaluated together in their order, caps over cohorts, and the summary."""
