"""An edition as expressions over columns: what every engine works out for each row."""
