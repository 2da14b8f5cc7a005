"""An edition as Python code made once, at load: the same verdicts as the reference meaning, sooner."""
