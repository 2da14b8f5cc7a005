"""The tests of the engine, its rulebooks and its papers."""
