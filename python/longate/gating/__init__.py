"""Gates, the strategy that orders them, and the populations they leave."""
