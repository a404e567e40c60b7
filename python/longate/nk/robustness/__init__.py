"""Sensitivity of a conclusion to thresholds, gain, counts and handling."""
