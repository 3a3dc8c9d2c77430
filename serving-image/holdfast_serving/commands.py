"""The sub-commands: settings from the environment, one task, an exit code that the operator understands.

What a command needs is imported when it runs: fetching needs no model runtime, serving no scikit-learn.
"""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from holdfast.failures import ModelError
from holdfast.settings import (
    CollectionSettings,
    DataLookSettings,
    EvaluationSettings,
    InspectionSettings,
    ServerSettings,
)
from holdfast_serving.logs import configure_logs

logger = logging.getLogger(__name__)

EXIT_USAGE: Final = 2
EXIT_BROKEN: Final = 1


def main(arguments: Sequence[str]) -> int:
    """Run a sub-command; return 0, 2 (wrong settings), 20 (refused), 21 (try again) or 1 (broken)."""
    command = _parser().parse_args(arguments).command
    configure_logs()
    try:
        return COMMANDS[command]()
    except ValidationError as error:
        for problem in error.errors(include_input=False, include_url=False):
            variable = f"HOLDFAST_{'_'.join(str(part) for part in problem['loc']).upper()}"
            sys.stderr.write(f"{variable}: {problem['msg']}\n")
        return EXIT_USAGE
    except ModelError as error:
        logger.error("%s: %s", error.reason, error.message)
        return error.exit_code
    except OSError as error:
        logger.error("%s", error)
        return EXIT_BROKEN


def fetch() -> int:
    """Fetch the model package and verify its digest."""
    from holdfast_serving.inspection.fetch import fetch_result
    from holdfast_serving.inspection.termination import write_termination_message

    # A superset of FetchSettings: it also says where the termination message goes.
    settings = InspectionSettings.from_env(os.environ)
    result, exit_code = fetch_result(settings)
    write_termination_message(settings.termination_message_path, result)
    return exit_code


def inspect() -> int:
    """Fetch a model, check it within limits, and report digest and signature."""
    from holdfast_serving.inspection.inspection_result import inspection_result
    from holdfast_serving.inspection.termination import write_termination_message

    settings = InspectionSettings.from_env(os.environ)
    result, exit_code = inspection_result(settings)
    write_termination_message(settings.termination_message_path, result)
    return exit_code


def serve() -> int:
    """Serve the model until SIGTERM."""
    from holdfast_serving.process.seat import Seat

    settings = ServerSettings.from_env(os.environ)
    seat = Seat.from_env(os.environ)
    if settings.check_timeout_seconds and seat is None:
        from holdfast_serving.inspection.inspection_result import require_safe

        require_safe(Path(settings.model_dir), settings.check_timeout_seconds)
    if settings.workers > 1 and seat is None:
        from holdfast_serving.process.supervisor import Supervisor

        return Supervisor(settings).run()
    from holdfast_serving.process.worker import serve_model

    serve_model(settings, seat)
    return 0


def evaluate() -> int:
    """Judge a trained candidate beside the champion, package it and publish it."""
    from holdfast_serving.evaluation.evaluator import evaluation_result
    from holdfast_serving.inspection.termination import write_termination_message

    settings = EvaluationSettings.from_env(os.environ)
    result, exit_code = evaluation_result(settings)
    write_termination_message(settings.termination_message_path, result)
    return exit_code


def look() -> int:
    """Look at data without reading it, and report a digest of what is there."""
    from holdfast_serving.inspection.data_look import look_result
    from holdfast_serving.inspection.termination import write_termination_message

    settings = DataLookSettings.from_env(os.environ)
    result, exit_code = look_result(settings)
    write_termination_message(settings.termination_message_path, result)
    return exit_code


def collect() -> int:
    """Copy what a training workload has left, so that it can be evaluated."""
    from holdfast_serving.inspection.collect import collection_result
    from holdfast_serving.inspection.termination import write_termination_message

    settings = CollectionSettings.from_env(os.environ)
    result, exit_code = collection_result(settings)
    write_termination_message(settings.termination_message_path, result)
    return exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="holdfast_serving", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        commands.add_parser(name, help=command.__doc__)
    return parser


COMMANDS: Final[dict[str, Callable[[], int]]] = {
    "fetch": fetch,
    "inspect": inspect,
    "serve": serve,
    "evaluate": evaluate,
    "look": look,
    "collect": collect,
}
