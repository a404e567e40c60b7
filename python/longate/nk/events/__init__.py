"""Scores of single NK events, and tables made of them."""
