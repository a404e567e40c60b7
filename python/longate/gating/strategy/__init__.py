"""The gating strategy: a tree of gates, its edits, checks, drawings and JSON."""
