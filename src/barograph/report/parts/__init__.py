"""Blocks that a section shows among others, each kind in its file."""
