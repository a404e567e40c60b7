"""File formats: a format is a reader and a writer."""
