"""What readers are shown: text, Markdown, JSON, blank cases, problems."""
