"""Populations of gated samples: events, counts, statistics."""
