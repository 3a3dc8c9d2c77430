"""Trains on the last eight weeks of rides that have arrived; holds every fourth week out.

Runs as the trainer of a RetrainPolicy, and for the first model with ``--weeks 13`` (see README.md).
"""

import argparse
import json
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from holdfast.credentials import Credentials
from holdfast.failures import ModelError
from holdfast.results import EXIT_BAD_DATA, EXIT_RETRY
from holdfast.store import list_objects, read_object
from holdfast.training import Training

from bikeshare.model import MIN_TRAINING_ROWS, WEEKS, Split, fit, judge_rows, metadata, split, to_onnx_bytes
from bikeshare.rides import FEATURES, INPUT, Rides

logger = logging.getLogger("train")


def run(training: Training, weeks: int) -> int:
    """Train, convert and leave everything where the contract wants it."""
    rides = read_rides(training)
    parts = split(rides, weeks) if len(rides) else Split(rides, rides)
    if len(parts.training) < MIN_TRAINING_ROWS or not len(parts.held_out):
        logger.error("%d rows are too few to train on", len(rides))
        return EXIT_BAD_DATA
    judged = judge_rows(parts.held_out, champion_metadata(training.champion_dir))
    logger.info(
        "training on %d hours until %s, judged on %d",
        len(parts.training),
        parts.training.time[-1],
        len(judged),
    )
    training.finish(
        model=to_onnx_bytes(fit(parts.training)),
        reference={INPUT: parts.held_out.features, "feature_names": np.array(FEATURES)},
        # Grouped by day: an hour says little more than the hour before it, and two weeks are too few groups.
        holdout={INPUT: judged.features, "label": judged.count, "group": judged.day},
        metadata=metadata(parts),
    )
    return 0


def read_rides(training: Training) -> Rides:
    """Return all rows below the data URI."""
    credentials = Credentials.from_env(os.environ)
    uris = list_objects(training.data_uri or "", credentials)
    return Rides.parse(read_object(uri, credentials).decode() for uri in uris if uri.endswith(".csv"))


def champion_metadata(folder: Path | None) -> Mapping[str, Any]:
    """Return what the champion's package says about itself; nothing for a first model."""
    path = None if folder is None else folder / "metadata.json"
    found: Mapping[str, Any] = json.loads(path.read_text()) if path is not None and path.exists() else {}
    return found


def main() -> int:
    """Run as the trainer of a RetrainPolicy; the exit code is what the training contract says."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weeks", type=int, default=WEEKS, help="whole weeks to use (%(default)s)")
    weeks = parser.parse_args().weeks
    try:
        return run(Training.from_env(), weeks)
    except ValueError as error:
        logger.error("the data is not usable: %s", error)
        return EXIT_BAD_DATA
    except ModelError as error:
        logger.error("%s: %s", error.reason, error.message)
        return EXIT_RETRY


if __name__ == "__main__":
    sys.exit(main())
