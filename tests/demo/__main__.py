"""Command line: `python -m tests.demo run | clean`."""

import argparse
import sys

from tests.cluster.errors import ClusterError
from tests.demo.errors import DemoError
from tests.demo.play import clean, play
from tests.demo.screen import Screen


def main() -> int:
    """Run a command; 1 and the reason when it cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m tests.demo", description=__doc__)
    parser.add_argument("command", choices=["run", "clean"])
    command = parser.parse_args().command
    screen = Screen()
    try:
        if command == "run":
            play(screen)
        else:
            clean()
    except DemoError as error:
        screen.fail(error)
        return 1
    except ClusterError as error:
        screen.fail(DemoError(str(error)))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
