"""Plays history: sends the rides hour by hour to the model, and stores what was really counted day by day.

Settings come from the environment: MODEL_URL, MODEL_NAME, RIDES_FILE, RIDES_URI, START, END, ROWS_PER_SECOND,
and AWS_* for the store. See load.yaml.
"""

import logging
import os
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from bikeshare.arrivals import Arrivals
from bikeshare.control import serve_control
from bikeshare.progress import Answer, Progress
from bikeshare.rides import FEATURES, INPUT, OUTPUT, Rides
from holdfast.credentials import Credentials

CONTROL_PORT = 8000
TIMEOUT_SECONDS = 10.0

logger = logging.getLogger("load")


def main() -> int:
    """Send every row once, then keep answering questions about it."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    setting = os.environ
    text = Path(setting["RIDES_FILE"]).read_text()
    rides = Rides.parse([text]).between(setting["START"], setting["END"])
    progress = Progress(len(rides), float(setting["ROWS_PER_SECOND"]))
    control = serve_control(progress, CONTROL_PORT)
    arrivals = Arrivals(text, setting["RIDES_URI"], Credentials.from_env(setting))
    storing = threading.Thread(target=arrivals.store_as_they_come, name="arrivals")
    storing.start()
    url = f"{setting['MODEL_URL']}/v2/models/{setting['MODEL_NAME']}/infer"
    try:
        send_all(rides, url, progress, arrivals)
    finally:
        arrivals.close()
        storing.join()
    progress.finish()
    logger.info("sent %d rows, %d failed", len(rides), progress.failed)
    control.join()
    return 0


def send_all(rides: Rides, url: str, progress: Progress, arrivals: Arrivals) -> None:
    """Send the rows in the order of time, at the pace that is set."""
    due = time.monotonic()
    # A new connection for each: the model's Service divides connections, not requests, between its pods.
    limits = httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False, limits=limits) as client:
        for index in range(len(rides)):
            # A pause of this process is not made up for: a burst would not be the pace that was asked for.
            due = max(due + 1 / progress.rows_per_second, time.monotonic() - 1)
            time.sleep(max(0.0, due - time.monotonic()))
            progress.add(ask(client, url, rides, index))
            arrivals.arrived(rides.time[index])


def ask(client: httpx.Client, url: str, rides: Rides, index: int) -> Answer:
    """Send one row as an Open Inference Protocol V2 request; return the answer, or why there is none."""
    hour, count = str(rides.time[index]), float(rides.count[index])
    try:
        response = client.post(url, json=request_of(rides, index))
        response.raise_for_status()
        predicted = float(response.json()["outputs"][0]["data"][0])
        return Answer(hour, count, predicted, response.headers["holdfast-revision"])
    except (httpx.HTTPError, KeyError, ValueError) as error:
        logger.warning("%s: %s", hour, error)
        return Answer(hour, count, failure=f"{type(error).__name__}: {error}")


def request_of(rides: Rides, index: int) -> Mapping[str, Any]:
    """Return the body of the request for one row."""
    values = [float(value) for value in rides.features[index]]
    tensor = {"name": INPUT, "datatype": "FP32", "shape": [1, len(FEATURES)], "data": values}
    return {"inputs": [tensor], "outputs": [{"name": OUTPUT}]}


if __name__ == "__main__":
    sys.exit(main())
