"""How wrong the candidate is for each of its predictions on the holdout, for an estimate without labels."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from holdfast.answers import Answers
from holdfast.batches import run_rows
from holdfast.evaluation import Evaluation
from holdfast.evaluation_metrics import Task
from holdfast.expected_loss import ExpectedLoss
from holdfast.signature import countable
from holdfast_serving.evaluation.candidate import Candidate


def expected_loss_of(candidate: Candidate, evaluation: Evaluation) -> ExpectedLoss | None:
    """Return the losses by the bins of one output; None where the task or the outputs allow none."""
    answers = evaluation.answers
    losses = None if answers is None else _losses(answers)
    if losses is None:
        return None
    session = candidate.session
    outputs = countable(run_rows(session, candidate.holdout.inputs), session.signature.outputs)
    metric: Literal["mae", "errorRate"] = "mae" if evaluation.task == Task.REGRESSION else "errorRate"
    return ExpectedLoss.fit(metric, candidate.profile, outputs, losses)


def _losses(answers: Answers) -> NDArray[np.float64] | None:
    ours = answers.candidate
    if answers.task == Task.REGRESSION and ours.values is not None:
        return np.asarray(np.abs(ours.values - answers.truth), dtype=np.float64)
    if answers.task == Task.CLASSIFICATION and ours.labels is not None:
        return np.asarray(ours.labels != answers.truth, dtype=np.float64)
    return None
