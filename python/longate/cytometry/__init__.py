"""Channels, events, compensation and scales: what one file holds."""
