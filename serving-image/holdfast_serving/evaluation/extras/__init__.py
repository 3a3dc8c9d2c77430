"""Optional sections of the report, by tools that only the evaluator's image with extras has."""
