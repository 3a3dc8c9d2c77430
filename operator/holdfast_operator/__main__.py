"""``python -m holdfast_operator``: settings from the environment, logs to standard error, then run."""

import asyncio
import logging
import os
import sys

import kopf
from pydantic import ValidationError

from holdfast_operator.cluster.lease import LeaseLostError
from holdfast_operator.handlers.lifecycle import run_operator
from holdfast_operator.settings import PREFIX, OperatorSettings

logger = logging.getLogger(__name__)

EXIT_BAD_SETTINGS = 2


def main() -> int:
    """Run the operator; returns the exit status."""
    try:
        settings = OperatorSettings.from_env(os.environ)
    except ValidationError as error:
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"]).upper()
            sys.stderr.write(f"{PREFIX}{name}: {problem['msg']}\n")
        return EXIT_BAD_SETTINGS
    configure_logging(settings)
    try:
        asyncio.run(run_operator(settings))
    except LeaseLostError as error:
        logger.error("exiting: %s", error)
        return 1
    except Exception as error:  # the last place where it can still be logged as JSON
        logger.critical("exiting", exc_info=error)
        return 1
    return 0


def configure_logging(settings: OperatorSettings) -> None:
    """Have every logger write JSON lines (or text) of the chosen severity."""
    log_format = kopf.LogFormat.JSON if settings.log_format == "json" else kopf.LogFormat.FULL
    kopf.configure(log_format=log_format)
    logging.getLogger().setLevel(settings.log_level)
    # kopf reports every handler call of every event.
    logging.getLogger("kopf.objects").setLevel(logging.WARNING)
    # kopf silences it, and with it the errors of forgotten tasks.
    logging.getLogger("asyncio").propagate = True
    logging.captureWarnings(True)
    sys.unraisablehook = _log_unraisable


def _log_unraisable(fault: "sys.UnraisableHookArgs") -> None:
    logger.warning("%s in %r", fault.err_msg or "ignored", fault.object, exc_info=fault.exc_value)


if __name__ == "__main__":
    sys.exit(main())
