"""An edition as one plan over columns: many cases at once. Needs the extra `batch`."""
