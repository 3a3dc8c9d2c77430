"""Fuzz everything that reads what strangers send, and fail on a crash, a wrong answer or growing memory.

    python -m tests.fuzz [--inputs 1000000] [--seed 20240607] [--targets v2-json,…]
    python -m tests.fuzz --again build/fuzz/FILE.json

The same seed makes the same inputs. The input that failed is written to build/fuzz/.
"""

import argparse
import json
import sys
from pathlib import Path

from tests.cluster.site_packages import REPOSITORY
from tests.fuzz.campaign import Findings, attempt, campaign
from tests.fuzz.targets import TARGETS

INPUTS = 1_000_000
SEED = 20240607
OUTPUT = REPOSITORY / "build" / "fuzz"


def fuzz(names: list[str], inputs: int, seed: int) -> bool:
    """Divide the inputs among the targets; print what was found; tell whether all went well."""
    sys.stdout.write(f"seed {seed}\n")
    found: list[Findings] = []
    for name in names:
        findings = campaign(TARGETS[name], -(-inputs // len(names)), seed)
        found.append(findings)
        sys.stdout.write("\n".join(findings.lines()) + "\n")
        if findings.violation is not None:
            sys.stdout.write(f"  the input is in {findings.write(OUTPUT)}\n")
        sys.stdout.flush()
    bad = [each.target for each in found if each.failed]
    total = sum(each.inputs for each in found)
    verdict = f"FAILED: {', '.join(bad)}" if bad else "no violation"
    sys.stdout.write(f"{total:,} inputs, seed {seed}: {verdict}\n")
    return not bad


def again(file: Path) -> bool:
    """Try the input of a file again."""
    document = json.loads(file.read_text())
    target = TARGETS[document["target"]]
    target.prepare()
    violation, outcome = attempt(target, bytes.fromhex(document["hex"]))
    sys.stdout.write(f"{violation or outcome}\n")
    return violation is None


def main(arguments: list[str] | None = None) -> int:
    """Return the exit code: 1 after a violation."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=INPUTS, help="inputs of all targets together")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--targets", default=",".join(TARGETS), help="which ones")
    parser.add_argument("--again", type=Path, help="try the input of this file again")
    options = parser.parse_args(arguments)
    good = (
        again(options.again)
        if options.again
        else fuzz(options.targets.split(","), options.inputs, options.seed)
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
