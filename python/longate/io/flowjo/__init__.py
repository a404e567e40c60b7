"""FlowJo workspaces: reading, counting as FlowJo counts, and writing."""
