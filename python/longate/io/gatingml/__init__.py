"""Gating-ML: gates as ISAC's standard writes them, read and written."""
