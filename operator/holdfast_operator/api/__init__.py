"""What users write: the three kinds, and the only source of the CRDs."""
