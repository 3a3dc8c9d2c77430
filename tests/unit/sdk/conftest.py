"""Property tests say what is true, not how fast a busy machine finds out."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
