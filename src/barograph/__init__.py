"""Barograph: a reproducible laboratory for regime-aware trading models."""

from barograph.processor import pin

pin()  # before any numerical import: the libraries read these variables once
