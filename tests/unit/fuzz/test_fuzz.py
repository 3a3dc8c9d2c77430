"""The fuzzers find what is planted, repeat themselves, and find nothing in what is there."""

import json
import re
from pathlib import Path
from random import Random

import pytest

from tests.fuzz import __main__ as program
from tests.fuzz.campaign import Findings, attempt, campaign
from tests.fuzz.json_nodes import changed_node
from tests.fuzz.mutation import MAX_BYTES, Mutator
from tests.fuzz.target import Target, Violation, kind_of
from tests.fuzz.targets import TARGETS

INPUTS = 10_000


def planted(data: bytes, _random: Random) -> str:
    """Break on a byte that no seed has."""
    if b"\xff" in data:
        raise Violation("found")
    return "fine"


PLANTED = Target("planted", planted, [b"abc", b"123"], [b"token"])


@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)
def test_nothing_is_found_in_a_short_campaign(target: Target) -> None:
    findings = campaign(target, INPUTS, seed=7)
    assert findings.violation is None, findings.input.hex()
    assert findings.inputs == sum(findings.outcomes.values()) == INPUTS
    assert len(findings.outcomes) > 5, "the inputs reach too little"


@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)
def test_every_seed_is_a_valid_input(target: Target) -> None:
    for seed in target.seeds:
        violation, outcome = attempt(target, seed)
        assert violation is None
        assert not re.search(r"\b[45]\d\d\b|none", outcome), (seed, outcome)


def test_a_planted_fault_is_found_and_its_input_repeats_it() -> None:
    findings = campaign(PLANTED, 100_000, seed=1)
    assert findings.violation == "Violation: found"
    assert attempt(PLANTED, findings.input) == (findings.violation, "")


def test_the_same_seed_makes_the_same_inputs_and_another_one_others() -> None:
    def inputs(seed: int) -> list[bytes]:
        mutator = Mutator(Random(seed), TARGETS["v2-json"])  # noqa: S311 - must repeat
        return [mutator.next() for _ in range(200)]

    assert inputs(1) == inputs(1)
    assert inputs(1) != inputs(2)
    assert all(len(each) <= MAX_BYTES for each in inputs(1))


def test_a_changed_node_leaves_the_document_json_and_text_as_it_is() -> None:
    random = Random(1)  # noqa: S311 - must repeat
    seed = TARGETS["v2-json"].seeds[-1]
    changed = {changed_node(seed, random) for _ in range(100)}
    assert len(changed) > 50
    assert all(json.loads(each) is not None for each in changed)
    assert changed_node(b"no json", random) == b"no json"
    assert changed_node(b"7", random) == b"7"


@pytest.mark.parametrize(("after", "failed"), [(104, False), (105, True)])
def test_growing_memory_fails_a_campaign(after: int, failed: bool) -> None:
    assert Findings("t", 1, resident=(100, after)).failed is failed


def test_an_outcome_is_named_without_what_differs() -> None:
    assert kind_of("input 'a b' has shape [1, 2]; 12 is too much") == kind_of(
        "input 'c' has shape [7]; 3 is too much"
    )


def test_a_violation_makes_the_program_fail_and_leaves_a_file_to_try_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "OUTPUT", tmp_path)
    monkeypatch.setitem(TARGETS, "planted", PLANTED)
    assert program.main(["--targets", "planted", "--inputs", "100000", "--seed", "1"]) == 1
    [file] = tmp_path.iterdir()
    assert program.main(["--again", str(file)]) == 1
    assert "Violation: found" in capsys.readouterr().out
    assert program.main(["--targets", "v2-json", "--inputs", "20"]) == 0
