"""A study: its files, one run of a strategy over them, and what is saved of it."""
