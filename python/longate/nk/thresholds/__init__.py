"""Positivity thresholds of markers, and the source of each."""
