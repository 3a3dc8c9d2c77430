"""The termination message: what a container tells the operator as it ends."""

import logging
from pathlib import Path
from typing import Final, TypeAlias

from holdfast.results import MAX_MESSAGE_BYTES, DataLookResult, EvaluationResult, InspectionResult

logger = logging.getLogger(__name__)

Result: TypeAlias = InspectionResult | EvaluationResult | DataLookResult
_SHORT: Final = 256


def write_termination_message(path: str, result: Result) -> None:
    """Write a result where the kubelet reads it, and into the log.

    Outside of a pod there may be no such file; then the log is all there is.
    """
    message = fitted(result)
    logger.info("%s", message)
    try:
        Path(path).write_text(message, encoding="utf-8")
    except OSError as error:
        logger.warning("no termination message can be written to %s: %s", path, error.strerror)


def fitted(result: Result) -> str:
    """Return the result as JSON of at most 4,096 bytes: a longer one would be cut off and be no JSON at all.

    What gives way is, in this order: the end of a failure's message, then the lists of tensors.
    """
    message = result.to_json()
    if len(message.encode()) > MAX_MESSAGE_BYTES and result.failure is not None:
        short = result.failure.model_copy(update={"message": result.failure.message[:_SHORT]})
        message = result.model_copy(update={"failure": short}).to_json()
    if len(message.encode()) > MAX_MESSAGE_BYTES:
        message = result.model_copy(update={"inputs": [], "outputs": []}).to_json()
    return message
