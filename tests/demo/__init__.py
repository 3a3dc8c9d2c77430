"""The demo: the whole loop on a real node with real bike rides (`make demo`)."""

import sys
from pathlib import Path

# The example is a folder to copy from, not a package that is installed.
sys.path.append(str(Path(__file__).parents[2] / "docs" / "examples"))
