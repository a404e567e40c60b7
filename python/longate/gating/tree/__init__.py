"""The tree that gates make, and the small value that strategies are: GateTree."""
