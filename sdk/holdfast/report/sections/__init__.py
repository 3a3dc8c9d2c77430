"""The sections of the page, in the order in which a person needs them; each is nothing without content."""
