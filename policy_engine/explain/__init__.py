"""What is said of a verdict, a round, a map: sentences in neutral blocks, which `report` writes as text or Markdown."""
