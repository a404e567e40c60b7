"""Studies of workspaces, and how their counts compare with the program's own."""
