"""Writes a folder of models as MLServer wants it, and becomes `mlserver start` on that folder.

``parallel_workers: 0`` is MLServer at its fastest: otherwise its one HTTP process sends every request on to
another process, which costs more than a small model. So it is one process however many workers others have.
"""

import json
import os
import sys
from pathlib import Path

from session import MODELS, PORT

HERE = Path(__file__).parent
SETTINGS = {
    "debug": False,
    "host": "127.0.0.1",
    "http_port": PORT,
    "grpc_port": PORT + 1,
    "metrics_port": PORT + 2,
    "parallel_workers": 0,
    "logging_settings": {"version": 1, "root": {"level": "WARNING"}},
}


def main() -> None:
    folder = Path(os.environ["BENCH_FOLDER"])
    folder.mkdir()
    places = {"metrics_dir": str(folder / ".metrics"), "environments_dir": str(folder / ".environments")}
    (folder / "settings.json").write_text(json.dumps(SETTINGS | places))
    for model in MODELS:
        (folder / model.stem).mkdir()
        settings = {"name": model.stem, "implementation": "mlserver_runtime.OnnxRuntime"}
        (folder / model.stem / "model-settings.json").write_text(json.dumps(settings))
    os.environ["PYTHONPATH"] = str(HERE)
    start = "from mlserver.cli import main; main()"
    os.execv(sys.executable, [sys.executable, "-c", start, "start", str(folder)])  # noqa: S606 - no shell is wanted


main()
