"""Stages of NK cells: schemes, the calls they look at, index and log-odds."""
