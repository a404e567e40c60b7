"""Gates of FlowJo, one module per kind, which reads and writes it."""
