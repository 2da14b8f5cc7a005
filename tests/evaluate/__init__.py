"""Tests of what conditions and cases mean."""
