"""Evaluate the candidate of a training run beside the champion, package it, publish it, and report."""

import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holdfast.evaluation import Contender, Evaluation, evaluate
from holdfast.evaluation_metrics import ACCURACY_METRICS
from holdfast.failures import ModelError
from holdfast.folder import Folder
from holdfast.gate_terms import GateTerms
from holdfast.importance import FeatureNames, importance_of
from holdfast.manifest import CARD_FILE, REPORT_FILE, REPORT_PAGE_FILE
from holdfast.onnx import Session
from holdfast.package import ModelPackage
from holdfast.report.card import render_card
from holdfast.report.document import Importance
from holdfast.report.page import render_page
from holdfast.results import EXIT_MODEL_REFUSED, EvaluationResult
from holdfast.row_arrays import RowsError
from holdfast.row_overlap import overlap_share
from holdfast.settings import EvaluationSettings
from holdfast.signature import Match, compare_signatures
from holdfast.store import publish_package
from holdfast_serving.evaluation.candidate import Candidate, EvaluationError, EvaluationFailureReason
from holdfast_serving.evaluation.expected_loss import expected_loss_of
from holdfast_serving.evaluation.extras.data_report import data_report_of
from holdfast_serving.evaluation.extras.sections import Section, attempt, start_meter
from holdfast_serving.evaluation.figures import fitted_figures
from holdfast_serving.evaluation.parameters import with_parameters
from holdfast_serving.evaluation.report import Report, document_of, trigger_of
from holdfast_serving.process.container_limits import cpu_limit

logger = logging.getLogger(__name__)

_REPORT_FILES: Final = frozenset({REPORT_FILE, REPORT_PAGE_FILE, CARD_FILE})


@dataclass(frozen=True)
class Champion:
    """The package that serves now, and its model."""

    package: ModelPackage
    session: Session


def evaluation_result(settings: EvaluationSettings) -> tuple[EvaluationResult, int]:
    """Evaluate; return what to report and the exit code."""
    try:
        with tempfile.TemporaryDirectory(prefix="candidate-") as folder:
            return judge_and_publish(settings, Path(folder)), 0
    except ModelError as error:
        return EvaluationResult(failure=error.failure()), error.exit_code
    except EvaluationError as error:
        return EvaluationResult(failure=error.failure()), EXIT_MODEL_REFUSED


def judge_and_publish(settings: EvaluationSettings, folder: Path) -> EvaluationResult:
    """Judge the candidate on its holdout, complete its package in ``folder`` and publish that.

    Raises:
        ModelError: the model must not be served, or the store cannot be written.
        EvaluationError: it cannot be judged.
    """
    threads = cpu_limit()
    candidate = Candidate.take_over(Path(settings.candidate_dir), folder, settings.max_package_bytes, threads)
    champion = _champion(settings, threads)
    report = _judged(settings, candidate, champion)
    package = _packaged(folder, report, settings.max_package_bytes)
    uri = publish_package(package, settings.output_uri, settings.credentials_dir)
    logger.info("published %s", uri)
    data_digest = candidate.metadata.get("dataDigest")
    result = EvaluationResult(
        digest=package.digest,
        uri=uri,
        size_bytes=package.size_bytes,
        profile_hash=candidate.profile.hash,
        champion_digest=report.champion_digest,
        holdout_rows=report.evaluation.rows,
        signature=report.match,
        holdout_overlap=report.overlap,
        data_digest=str(data_digest)[:128] if data_digest is not None else None,
    )
    fitted = fitted_figures(result, report.evaluation, report.gate)
    return with_parameters(fitted, candidate.metadata.get("parameters"))


def _judged(settings: EvaluationSettings, candidate: Candidate, champion: Champion | None) -> Report:
    meter = start_meter(settings)
    gate = GateTerms.model_validate_json(settings.gate)
    match = None if champion is None else _match(champion, candidate)
    comparable = None if match == "Incompatible" else champion
    evaluation = _evaluate(gate, candidate, comparable)
    names = {(each.tensor, each.index): each.name for each in candidate.profile.of_kind("feature")}
    return Report(
        run=settings.run,
        evaluation=evaluation,
        gate=gate,
        signature=candidate.session.signature,
        champion_digest=champion.package.digest if champion else None,
        match=match,
        profile=candidate.profile,
        metadata=candidate.metadata,
        overlap=_overlap(candidate),
        trigger=trigger_of(settings.trigger),
        importance=_importance(candidate, comparable, evaluation, gate, names),
        expected_loss=expected_loss_of(candidate, evaluation),
        data=attempt(
            Section.DATA, settings, lambda: data_report_of(candidate.training, candidate.holdout, names)
        ),
        energy=None if meter is None else attempt(Section.ENERGY, settings, meter.stop),
    )


def _overlap(candidate: Candidate) -> float | None:
    if candidate.training is None:
        return None
    return overlap_share(candidate.training.inputs, candidate.holdout.inputs)


def _champion(settings: EvaluationSettings, threads: int) -> Champion | None:
    if settings.champion_dir is None:
        return None
    package = ModelPackage.read(Path(settings.champion_dir), settings.champion_digest)
    return Champion(package, Session.open(package.model_path, threads))


def _match(champion: Champion, candidate: Candidate) -> Match:
    return compare_signatures(champion.session.signature, candidate.session.signature)


def _evaluate(gate: GateTerms, candidate: Candidate, champion: Champion | None) -> Evaluation:
    ours = _contender(candidate.session, ModelPackage.read(candidate.folder))
    theirs = None if champion is None else _contender(champion.session, champion.package)
    try:
        return evaluate(candidate.holdout, ours, theirs, gate, candidate.metadata.get("task"))
    except RowsError as error:
        raise EvaluationError(EvaluationFailureReason.HOLDOUT_INVALID, str(error)) from None


def _contender(session: Session, package: ModelPackage) -> Contender:
    return Contender(session, _judged_bytes(package), _classes(package, session))


def _judged_bytes(package: ModelPackage) -> int:
    """Return the size without the reports: the candidate's say its size, so they cannot be part of it."""
    return sum(file.size for file in package.manifest.files if file.path not in _REPORT_FILES)


def _classes(package: ModelPackage, session: Session) -> Sequence[object] | None:
    classes = package.metadata().get("classes")
    return classes if isinstance(classes, list) else next(iter(session.signature.classes.values()), None)


def _importance(
    candidate: Candidate,
    champion: Champion | None,
    evaluation: Evaluation,
    gate: GateTerms,
    names: FeatureNames,
) -> Importance | None:
    """Return what the features are worth for the metric that the gate asks about first."""
    measured = [each.name for each in evaluation.metrics if each.name in ACCURACY_METRICS]
    metric = next((name for name in gate.metrics if name in measured), measured[0] if measured else None)
    if metric is None:
        return None
    ours = _contender(candidate.session, ModelPackage.read(candidate.folder))
    theirs = None if champion is None else _contender(champion.session, champion.package)
    try:
        return importance_of(metric, evaluation.task, candidate.holdout, (ours, theirs), names)
    except ModelError as error:
        # Shuffled rows may be such as never occur; that a model fails on those says nothing against it.
        logger.info("the report does not say what the features are worth: %s", error.message)
        return None


def _packaged(folder: Path, report: Report, max_bytes: int) -> ModelPackage:
    document = document_of(report)
    with Folder(folder) as files:
        files.write(REPORT_FILE, [document.to_json()])
        files.write(REPORT_PAGE_FILE, [render_page(document)])
        files.write(CARD_FILE, [render_card(document)])
    return ModelPackage.read(folder, max_bytes=max_bytes)
