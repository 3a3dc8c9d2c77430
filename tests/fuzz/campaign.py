"""Many inputs into one target: outcomes are counted, memory is watched, the first violation ends it."""

import gc
import json
import os
import time
import zlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.fuzz.mutation import Mutator
from tests.fuzz.target import Target

WARM_UP_SHARE = 2
"""Half of the inputs: pools and arenas take tens of thousands to fill, a leak shows in the other half."""
MAX_GROWTH = 0.05
MAX_CPU_SECONDS = 1.0
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Findings:
    """What a campaign saw; ``resident`` is the memory in bytes after the warm-up and at the end."""

    target: str
    seed: int
    inputs: int = 0
    seconds: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)
    resident: tuple[int, int] = (0, 0)
    violation: str | None = None
    input: bytes = b""

    @property
    def growth(self) -> float:
        before, after = self.resident
        return (after - before) / before if before else 0.0

    @property
    def failed(self) -> bool:
        return self.violation is not None or self.growth >= MAX_GROWTH

    def lines(self) -> list[str]:
        """Describe them for a person, the commonest outcomes first."""
        before, after = (value / 1024**2 for value in self.resident)
        rate = self.inputs / self.seconds if self.seconds else 0.0
        return [
            f"{self.target}: {self.inputs:,} inputs in {self.seconds:.0f} s ({rate:,.0f}/s), "
            f"resident {before:.1f} -> {after:.1f} MiB ({self.growth:+.1%})",
            *(f"  {count:9,}  {outcome}" for outcome, count in self.outcomes.most_common()),
            *([f"  VIOLATION: {self.violation}"] if self.violation else []),
        ]

    def write(self, folder: Path) -> Path:
        """Write the input that failed, so that it can be tried again."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self.target}-{self.seed}-{self.inputs}.json"
        document = {
            "target": self.target,
            "seed": self.seed,
            "number": self.inputs,
            "hex": self.input.hex(),
            "violation": self.violation,
        }
        file.write_text(json.dumps(document, indent=1))
        return file


def campaign(target: Target, inputs: int, seed: int) -> Findings:
    """Try so many inputs, the same ones for the same seed."""
    findings = Findings(target.name, seed)
    mutator = Mutator(Random(f"{seed} {target.name}"), target)  # noqa: S311 - must repeat
    warm = max(1, inputs // WARM_UP_SHARE)
    before = 0
    target.prepare()
    started = time.perf_counter()
    for number in range(1, inputs + 1):
        data = mutator.next()
        findings.inputs = number
        findings.violation, outcome = attempt(target, data)
        if findings.violation is not None:
            findings.input = data
            break
        if outcome not in findings.outcomes:
            mutator.keep(data)
        findings.outcomes[outcome] += 1
        if number == warm:
            before = resident_bytes()
    findings.seconds = time.perf_counter() - started
    findings.resident = (before, resident_bytes() if before else 0)
    return findings


def attempt(target: Target, data: bytes) -> tuple[str | None, str]:
    """Return what went wrong with an input, if something did, and the outcome."""
    # The input decides the random numbers, so that it alone repeats what happened.
    random = Random(zlib.crc32(data))  # noqa: S311 - must repeat
    before = time.process_time()
    try:
        outcome = target.run(data, random)
    except Exception as error:  # noqa: BLE001 - whatever is raised is what is looked for
        return f"{type(error).__name__}: {error}", ""
    seconds = time.process_time() - before
    if seconds > MAX_CPU_SECONDS:
        return f"took {seconds:.1f} s of CPU time", outcome
    return None, outcome


def resident_bytes() -> int:
    """Return this process's resident memory once garbage is collected."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES
