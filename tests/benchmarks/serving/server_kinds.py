"""Which servers are compared, and how each is started."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from holdfast.settings import ServerSettings
from tests.benchmarks.serving.models import MODELS, ServedModel
from tests.cluster.python_environments import locked_python
from tests.cluster.site_packages import LOCKS
from tests.integration.serving.server_process import COMMAND, environment

SOURCES = Path(__file__).parent / "peers"
OURS = "holdfast"
PEERS = ("fastapi", "kserve", "mlserver")


@dataclass(frozen=True)
class Command:
    """How a server is started: a command line and what is added to the environment."""

    words: Sequence[str]
    variables: Mapping[str, str]


@dataclass(frozen=True)
class Place:
    """What a server is given: the models' files, a folder of its own, a port, how many workers to have."""

    models: Path
    folder: Path
    port: int
    workers: int


@dataclass(frozen=True)
class ServerKind:
    """A server to compare: with which models it starts, and whether it takes binary tensors."""

    name: str
    title: str
    models: Sequence[str]
    binary: bool
    command: Callable[[Place], Command]


def kinds(workers: int) -> list[ServerKind]:
    """Return every server that is compared; ours serves one model, so it is there once for each."""
    every = tuple(MODELS)
    count = f"{workers} worker{'s' if workers > 1 else ''}"
    return [
        *(ServerKind(OURS, f"Holdfast, {count}", [name], True, _ours(MODELS[name])) for name in every),
        ServerKind("fastapi", f"FastAPI 0.165 as usually written, {count}", every, False, _peer("fastapi")),
        ServerKind("kserve", f"KServe SDK 0.21, {count}", every, True, _peer("kserve")),
        ServerKind(
            "mlserver", "MLServer 1.7.1, inference in its one process", every, False, _peer("mlserver")
        ),
    ]


def _peer(name: str) -> Callable[[Place], Command]:
    def command(place: Place) -> Command:
        variables = {
            "BENCH_PORT": str(place.port),
            "BENCH_WORKERS": str(place.workers),
            "BENCH_MODELS": str(place.models),
            "BENCH_FOLDER": str(place.folder),
        }
        python = locked_python(LOCKS / f"bench-{name}.lock")
        arguments = ["--log_config_file", str(SOURCES / "kserve_logging.json")] if name == "kserve" else []
        return Command([str(python), "-B", str(SOURCES / f"{name}_server.py"), *arguments], variables)

    return command


def _ours(model: Callable[[], ServedModel]) -> Callable[[Place], Command]:
    def command(place: Place) -> Command:
        served = model()
        settings = ServerSettings(
            model_name=served.name,
            model_revision=f"{served.name}-1",
            model_dir=str(served.package(place.folder)),
            port=place.port,
            workers=place.workers,
            threads=1,
            drain_seconds=0,
        )
        return Command([*COMMAND, "serve"], environment(settings))

    return command


def install_peers() -> None:
    """Install the peers' environments, so that nothing is installed while something is timed."""
    for name in PEERS:
        locked_python(LOCKS / f"bench-{name}.lock")
