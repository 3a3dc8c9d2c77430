"""``python -m holdfast_serving fetch|inspect|serve|evaluate``: the containers of a model's pods."""

import os
import sys

# Before numpy starts: its own thread pool would have a thread per core of the node, for nothing.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from holdfast_serving.commands import main

sys.exit(main(sys.argv[1:]))
