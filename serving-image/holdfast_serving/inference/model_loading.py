"""From a verified package folder to a data plane that has answered a real inference."""

import logging
from pathlib import Path

from holdfast.accelerators import parse_providers
from holdfast.failures import ModelError
from holdfast.manifest import PROFILE_FILE
from holdfast.onnx import Session
from holdfast.package import ModelPackage
from holdfast.profile import Profile
from holdfast.settings import ServerSettings
from holdfast_serving.feedback.holdout_metrics import declare_holdout_metrics
from holdfast_serving.feedback.loop import classes_of, feedback_loop
from holdfast_serving.inference.batch_proof import BatchPlan, plan_batches
from holdfast_serving.inference.data_plane import Bounds, DataPlane
from holdfast_serving.inference.runtime import Runtime
from holdfast_serving.inference.sample_rows import sample_rows
from holdfast_serving.inspection.profile_check import require_countable
from holdfast_serving.process.container_limits import cpu_limit
from holdfast_serving.telemetry.feature_counters import FeatureCounters
from holdfast_serving.telemetry.request_metrics import Telemetry

logger = logging.getLogger(__name__)


def load_model(settings: ServerSettings, telemetry: Telemetry) -> DataPlane:
    """Load and warm the model of ``settings.model_dir``.

    Raises:
        ModelError: the package or its model cannot be served.
    """
    package = ModelPackage.read(Path(settings.model_dir))
    profile = package.profile()
    threads = settings.threads or max(1, cpu_limit() // settings.workers)
    providers = parse_providers(settings.execution_providers)
    runtime = Runtime.warm(Session.open(package.model_path, threads, providers), threads, profile)
    telemetry.set_model(package.digest, profile.hash if profile else None)
    logger.info("loaded %s (%d bytes) with %d threads", package.digest, package.size_bytes, threads)
    for name, classes in runtime.signature.classes.items():
        logger.info("output '%s' is a map in the model, served as a table of %d classes", name, len(classes))
    counters = _counters(settings, runtime, profile, telemetry)
    bounds = Bounds(settings.max_in_flight, settings.request_timeout_seconds)
    plan = _plan(settings, runtime, profile)
    plane = DataPlane(runtime, telemetry, package.read_file(PROFILE_FILE), plan, bounds)
    if counters is not None:
        plane.observers.append(counters)
        plane.background.append(counters.run)
    named = classes_of(package.metadata()) or next(iter(runtime.signature.classes.values()), None)
    feedback = feedback_loop(settings, runtime.signature, profile, named, telemetry.store)
    if feedback is not None:
        plane.prediction_ids, plane.inbox = feedback.issuer, feedback.inbox
        declare_holdout_metrics(package, telemetry.store, telemetry.labels)
    return plane


def _plan(settings: ServerSettings, runtime: Runtime, profile: Profile | None) -> BatchPlan:
    if settings.batching == "Disabled":
        return BatchPlan(0, "off: disabled by the settings")
    plan = plan_batches(
        runtime.signature,
        runtime.run,
        sample_rows(runtime.signature, profile),
        min(settings.batch_max_rows, runtime.inline_rows),
        settings.batch_max_delay_milliseconds / 1000,
    )
    logger.info("batching is %s; at most %d rows", plan.reason, plan.max_rows)
    return plan


def _counters(
    settings: ServerSettings, runtime: Runtime, profile: Profile | None, telemetry: Telemetry
) -> FeatureCounters | None:
    if profile is None or not profile.columns or not settings.feature_monitoring:
        return None
    try:
        require_countable(profile, runtime.signature)
    except ModelError as error:
        # A profile that does not fit must not stop a model from being served; inspection has refused it.
        logger.warning("features are not counted: %s", error)
        return None
    return FeatureCounters(profile, telemetry.labels, settings.flush_block_rows, telemetry.store)
