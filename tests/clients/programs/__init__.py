"""What runs in the clients' environments; nothing of ours can be imported there but these programs."""
