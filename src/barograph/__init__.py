"""Barograph: a reproducible laboratory for regime-aware trading models."""
