"""FACSDiva experiments: reading, and counting as FACSDiva counts."""
