"""Command line: `python -m tests.cluster up|down|load|images|programs|prepare`; `--help` says more."""

import argparse
import sys
from collections.abc import Callable, Sequence

from tests.cluster.errors import ClusterError
from tests.cluster.image_recipes import IMAGES, ON_REQUEST
from tests.cluster.preparation import SUITES, prepare
from tests.cluster.programs import SETS, program_set
from tests.cluster.running import DEFAULT_NAME, choose_adapter

ALL_IMAGES = {**IMAGES, **ON_REQUEST}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a plain sentence and status 1 when it cannot be done."""
    chosen = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], None] = chosen.run
    try:
        run(chosen)
    except ClusterError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, run, help_text in (
        ("up", _up, "start a cluster and say how to use it"),
        ("down", _down, "remove it without a trace"),
        ("load", _load, "build images and load them into the cluster"),
        ("images", _images, "build images; print their names and sizes"),
        ("programs", _programs, "build programs; print their folders"),
        ("prepare", _prepare, "build and install what test suites need"),
    ):
        command = commands.add_parser(name, help=help_text)
        command.set_defaults(run=run)
        if name in ("up", "down", "load"):
            command.add_argument("--name", default=DEFAULT_NAME, help="name of the cluster (%(default)s)")
        if name in ("load", "images"):
            command.add_argument("names", nargs="*", metavar="IMAGE", help=f"of {', '.join(ALL_IMAGES)}")
        if name == "prepare":
            command.add_argument("names", nargs="*", metavar="SUITE", help=f"of {', '.join(SUITES)}")
        if name == "programs":
            sets = ", ".join(each.name for each in SETS)
            command.add_argument("names", nargs="*", metavar="SET", help=f"of {sets}")
    return parser


def _up(chosen: argparse.Namespace) -> None:
    cluster = choose_adapter(chosen.name).start()
    _write(f"cluster {cluster.name} is ready\n")
    _write(f"  export KUBECONFIG={cluster.kubeconfig}")
    _write(f"  {cluster.kubectl} get nodes")


def _down(chosen: argparse.Namespace) -> None:
    choose_adapter(chosen.name).stop()
    _write(f"cluster {chosen.name} is gone")


def _load(chosen: argparse.Namespace) -> None:
    adapter = choose_adapter(chosen.name)
    for name in _known(chosen.names, list(ALL_IMAGES)) if chosen.names else IMAGES:
        image = ALL_IMAGES[name]()
        adapter.load_image(image)
        _write(image.ref)


def _images(chosen: argparse.Namespace) -> None:
    for name in _known(chosen.names, list(ALL_IMAGES)) if chosen.names else IMAGES:
        image = ALL_IMAGES[name]()
        _write(f"{image.ref:<45} {image.size_bytes / 1e6:6.0f} MB")


def _programs(chosen: argparse.Namespace) -> None:
    for name in _known(chosen.names, [each.name for each in SETS]):
        _write(str(program_set(name)))


def _prepare(chosen: argparse.Namespace) -> None:
    prepare(_known(chosen.names, SUITES))


def _known(names: Sequence[str], all_names: Sequence[str]) -> Sequence[str]:
    unknown = [name for name in names if name not in all_names]
    if unknown:
        raise ClusterError(f"{', '.join(unknown)}: it must be one of {', '.join(all_names)}")
    return names or all_names


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
