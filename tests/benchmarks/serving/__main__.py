"""Measure the server beside FastAPI, KServe's and MLServer's Python servers, and judge every target.

    python -m tests.benchmarks.serving [--rounds 3] [--seconds 1] [--workers 1] [--servers holdfast,kserve]

Closed loop by wrk. With two or more cores the load has its own. ONNX Runtime has one thread in every server.
The report is printed and written to build/serving/ as Markdown and JSON. Believe ratios of one run.
"""

import argparse
import json
import signal
import sys

from tests.benchmarks.serving import scenarios
from tests.benchmarks.serving.run import Plan, measure
from tests.benchmarks.serving.server_kinds import OURS, PEERS, install_peers, kinds
from tests.benchmarks.serving.tables import report
from tests.benchmarks.serving.targets import judged
from tests.cluster.packages import require_programs
from tests.cluster.site_packages import REPOSITORY

OUTPUT = REPOSITORY / "build" / "serving"


def plan_of(options: argparse.Namespace) -> Plan:
    """Return what the command line asks for."""
    wanted = options.servers.split(",")
    chosen = [each for each in kinds(options.workers) if each.name in wanted]
    questions = scenarios.parse(options.scenarios)
    return Plan(chosen, questions, options.workers, options.rounds, options.seconds)


def options_of(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured")
    parser.add_argument("--seconds", type=int, default=1, help="duration of a measurement")
    parser.add_argument("--workers", type=int, default=1, help="processes of each server")
    parser.add_argument("--servers", default=",".join([OURS, *PEERS]), help="which to measure")
    parser.add_argument("--scenarios", default=scenarios.DEFAULT, help="MODEL:ROWS:CONNECTIONS,…[:binary] …")
    return parser.parse_args(arguments)


def main() -> None:
    """Measure, print and write the report."""
    options = options_of()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers are ended then too
    require_programs("wrk")
    install_peers()
    results = measure(plan_of(options))
    targets = judged(results)
    text = report(results, targets)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    (OUTPUT / "report.md").write_text(text)
    document = {**results.document(), "targets": [vars(each) for each in targets]}
    (OUTPUT / "results.json").write_text(json.dumps(document, indent=1))
    sys.stdout.write(f"{text}\nwritten to {OUTPUT.relative_to(REPOSITORY)}/\n")


if __name__ == "__main__":
    main()
