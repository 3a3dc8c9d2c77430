"""Trains on the last eight weeks of rides that have arrived; holds every fourth week out.

Runs as the trainer of a RetrainPolicy, and for the first model with ``--weeks 12`` (see README.md).
"""

import argparse
import logging
from collections.abc import Mapping
from typing import Any

import numpy as np

from bikeshare.model import MIN_TRAINING_ROWS, WEEKS, fit, judge_rows, metadata, split, to_onnx_bytes
from bikeshare.rides import FEATURES, INPUT, Rides
from holdfast.failures import ModelError
from holdfast.training import Training

logger = logging.getLogger("train")


def main() -> None:
    """Train; the exit code is what the training contract says."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weeks", type=int, default=WEEKS, help="whole weeks to use (%(default)s)")
    weeks = parser.parse_args().weeks
    training = Training.from_env()
    try:
        rides = read_rides(training)
        champion = champion_metadata(training)
    except ValueError as error:
        training.refuse(f"the data is not usable: {error}")
    except ModelError as error:
        training.retry_later(f"{error.reason}: {error.message}")
    train(training, rides, weeks, champion)


def train(training: Training, rides: Rides, weeks: int, champion: Mapping[str, Any]) -> None:
    """Train, convert, and leave everything where the contract wants it."""
    if len(rides) < MIN_TRAINING_ROWS:
        training.refuse(f"{len(rides)} hours are too few to train on; it takes {MIN_TRAINING_ROWS}")
    parts = split(rides, weeks)
    judged = judge_rows(parts.held_out, champion)
    logger.info("training on %d hours up to %s", len(parts.training), parts.training.time[-1])
    logger.info("to be judged on %d held-out hours", len(judged))
    training.finish(
        model=to_onnx_bytes(fit(parts.training)),
        reference={INPUT: parts.held_out.features, "feature_names": np.array(FEATURES)},
        # Grouped by day: an hour says little more than the hour before it, and two weeks are too few groups.
        holdout={INPUT: judged.features, "label": judged.count, "group": judged.day},
        metadata=metadata(parts),
    )


def read_rides(training: Training) -> Rides:
    """Return all rows that have arrived.

    Raises:
        ModelError: the store cannot be read.
        ValueError: a row is not complete.
    """
    names = [name for name in training.list_data() if name.endswith(".csv")]
    return Rides.parse(training.read_data(name).decode() for name in names)


def champion_metadata(training: Training) -> Mapping[str, Any]:
    """Return what the champion's package says about itself; nothing for a first model."""
    champion = training.champion
    return {} if champion is None else champion.metadata()


if __name__ == "__main__":
    main()
