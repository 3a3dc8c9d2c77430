"""The second scenario: a model that answers in time, without errors, and wrong, is caught in its canary."""

import io
import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import onnx
from bikeshare.load import request_of
from bikeshare.rides import INPUT, OUTPUT, Rides
from onnx import numpy_helper

from holdfast.binning import profile_of
from holdfast.manifest import MODEL_FILE, PROFILE_FILE
from holdfast.onnx import Session
from holdfast.package import ModelPackage
from tests.demo.conditions import condition, is_true
from tests.demo.errors import DemoError
from tests.demo.first_model import Store, publish_first_model
from tests.demo.place import Place

TIMES = 3.0
"""By so much its predictions are too high."""
DEADLINE_SECONDS = 150.0
ROWS_PER_SECOND = 100.0
CHECKS = [
    {"metric": "errorRate", "maxRegression": "0.05"},
    {"metric": "predictionShift", "max": "0.5"},
]


@dataclass(frozen=True)
class Caught:
    """What came of it: the revision that failed, why, its checks, and the requests meanwhile."""

    revision: str
    message: str
    checks: list[Mapping[str, str]]
    requests: int
    failed: int
    by_candidate: int
    stable: str


def catch_bad_candidate(place: Place, store: Store, rides: Rides, good: ModelPackage, folder: Path) -> Caught:
    """Roll a mistaken model out under load, and return how it was taken back.

    Raises:
        DemoError: it was not, or a request failed.
    """
    uri = publish_first_model(mistaken(good, rides, folder / "mistaken"), store)
    before = status_of(place)["stableRevision"]["name"]
    analysis = {"intervalSeconds": 5, "minSamples": 60, "maxIntervals": 20, "checks": CHECKS}
    spec = {"model": {"uri": uri}, "rollout": {"analysis": analysis}}
    place.patch("modeldeployment", "bikes", {"spec": spec})
    with place.service("bikes", 80) as url:
        caught = send_until_caught(place, url, rides, before)
    if caught.stable != before or caught.failed:
        raise DemoError(f"the mistaken model was not caught without harm: {caught}")
    return caught


def mistaken(good: ModelPackage, rides: Rides, folder: Path) -> ModelPackage:
    """Return the model with its predictions multiplied, which no check of a file could notice."""
    model = onnx.load(io.BytesIO(good.model_path.read_bytes()))
    factor = numpy_helper.from_array(rides.features[:1, :1] * 0 + TIMES, "times")
    model.graph.initializer.append(factor)
    for node in model.graph.node:
        node.output[:] = ["right" if name == OUTPUT else name for name in node.output]
    model.graph.node.append(onnx.helper.make_node("Mul", ["right", "times"], [OUTPUT]))
    content = model.SerializeToString()
    outputs = Session.open(content).run({INPUT: rides.features})
    profile = profile_of({INPUT: rides.features}, outputs).to_json()
    return ModelPackage.write(folder, {MODEL_FILE: content, PROFILE_FILE: profile})


def status_of(place: Place) -> Mapping[str, Any]:
    """Return the status of the model."""
    found: Mapping[str, Any] = place.get("modeldeployment", "bikes")["status"]
    return found


def send_until_caught(place: Place, url: str, rides: Rides, before: str) -> Caught:
    """Send rides until the rollout has ended either way."""
    answers: dict[str, int] = {}
    failed, deadline, looked = 0, time.monotonic() + DEADLINE_SECONDS, 0.0
    limits = httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(base_url=url, timeout=10, trust_env=False, limits=limits) as client:
        for index in itertools.cycle(range(len(rides))):
            response = client.post("/v2/models/bikes/infer", json=request_of(rides, index))
            failed += response.status_code != httpx.codes.OK
            revision = response.headers.get("holdfast-revision", "")
            answers[revision] = answers.get(revision, 0) + 1
            time.sleep(1 / ROWS_PER_SECOND)
            if time.monotonic() - looked > 1:
                looked = time.monotonic()
                resource = place.get("modeldeployment", "bikes")
                if is_true(resource, "Stalled") or resource["status"]["stableRevision"]["name"] != before:
                    return _result(resource, answers, failed)
            if time.monotonic() > deadline:
                raise DemoError("the mistaken model was neither caught nor promoted", place.describe())
    raise DemoError("there are no rides")


def _result(resource: Mapping[str, Any], answers: Mapping[str, int], failed: int) -> Caught:
    left = resource["status"]["revisions"][0]
    return Caught(
        revision=left["name"],
        message=str(condition(resource, "Stalled").get("message", "")),
        checks=left.get("checks", []),
        requests=sum(answers.values()),
        failed=failed,
        by_candidate=answers.get(left["name"], 0),
        stable=resource["status"]["stableRevision"]["name"],
    )
