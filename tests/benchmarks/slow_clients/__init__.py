"""What many slow connections do to other clients."""
