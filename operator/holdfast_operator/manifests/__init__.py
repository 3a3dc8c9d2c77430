"""Child objects: pure functions to plain mappings with only the fields that we own."""
