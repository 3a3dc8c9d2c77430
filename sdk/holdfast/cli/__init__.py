"""The `holdfast` command, which is also `kubectl holdfast`; one module per command."""

from importlib.util import find_spec

if any(find_spec(name) is None for name in ("typer", "rich", "kubernetes")):
    raise ImportError("the command line needs more packages: pip install 'holdfast[cli]'")
