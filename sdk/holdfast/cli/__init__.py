"""The `holdfast` command, which is also `kubectl holdfast`; one module per command."""
