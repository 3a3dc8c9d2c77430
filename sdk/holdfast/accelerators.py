"""Execution providers of ONNX Runtime: what users call them, and how it is made sure that one is in use."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal, get_args

from holdfast.failures import ModelError
from holdfast.results import ModelFailureReason

Provider = Literal["CPU", "CUDA", "TensorRT"]

RUNTIME_NAMES: Final[dict[str, str]] = {
    "CPU": "CPUExecutionProvider",
    "CUDA": "CUDAExecutionProvider",
    "TensorRT": "TensorrtExecutionProvider",
}


def parse_providers(text: str) -> tuple[Provider, ...]:
    """Return the providers of a comma-separated list, in its order.

    Raises:
        ModelError: AcceleratorUnavailable, naming the word that is no provider.
    """
    known = {provider.lower(): provider for provider in get_args(Provider)}
    words = [word.strip() for word in text.split(",") if word.strip()] or ["CPU"]
    for word in words:
        if word.lower() not in known:
            raise _unavailable(
                f"there is no execution provider {word!r}; there are {', '.join(known.values())}"
            )
    return tuple(known[word.lower()] for word in words)


def accelerators(providers: Iterable[str]) -> list[str]:
    """Return the providers that need a device."""
    return [provider for provider in providers if provider != "CPU"]


def runtime_providers(providers: Sequence[str], available: Sequence[str]) -> list[str]:
    """Return the names for ONNX Runtime; the CPU comes last, for nodes that an accelerator cannot run.

    Raises:
        ModelError: AcceleratorUnavailable when this build of ONNX Runtime has not all of them.
    """
    for provider in accelerators(providers):
        if RUNTIME_NAMES[provider] not in available:
            message = f"this ONNX Runtime has no {provider}; use the server image for GPUs (server-gpu)"
            raise _unavailable(message)
    return [RUNTIME_NAMES[provider] for provider in [*accelerators(providers), "CPU"]]


def require_in_use(providers: Sequence[str], used: Sequence[str]) -> None:
    """Refuse a session that has silently gone back to the CPU.

    Raises:
        ModelError: AcceleratorUnavailable, naming the provider.
    """
    for provider in accelerators(providers):
        if RUNTIME_NAMES[provider] not in used:
            raise _unavailable(f"{provider} could not be started: {_REMEDY}")


def failed_to_start(providers: Sequence[str], detail: str) -> ModelError:
    """Return the error for a model that loads on the CPU, but not on the accelerator."""
    names = ", ".join(accelerators(providers))
    return _unavailable(f"{names} could not be started: {_REMEDY} ({detail})")


_REMEDY: Final = (
    "the container needs a GPU (limit nvidia.com/gpu), the node NVIDIA's driver, "
    "and the image the libraries that the provider loads"
)


def _unavailable(message: str) -> ModelError:
    return ModelError(ModelFailureReason.ACCELERATOR_UNAVAILABLE, message)
