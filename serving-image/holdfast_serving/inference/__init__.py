"""From tensors to tensors: the checked request, the session that answers it, and how it is run."""
