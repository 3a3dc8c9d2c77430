"""Labels that come back: ids that carry the prediction, and counts of how right it was."""
