"""Tests of each source's own promises."""
