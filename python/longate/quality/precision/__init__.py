"""Measurement uncertainty from replicates: variance components, and their use."""
