"""Changes within a patient, and whether they exceed expected variation."""
