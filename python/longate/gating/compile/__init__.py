"""A strategy compiled for the channels of one panel."""
