"""The sections of the report, one file each, from the answer to the provenance."""
