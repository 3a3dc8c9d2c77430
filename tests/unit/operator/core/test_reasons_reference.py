"""The reference of conditions is written from the reasons, and every reason has a docstring."""

import ast
import inspect
from enum import StrEnum
from itertools import pairwise

import pytest

from holdfast import results
from holdfast_operator.core import reasons
from tests.unit.operator.golden import CHECKOUT, check_golden

INTRODUCTION = """\
# Conditions and reasons

Written from the enums in `operator/holdfast_operator/core/reasons.py` and `sdk/holdfast/results.py` by
`pytest tests/unit/operator/core/test_reasons_reference.py --update-golden`; a test fails when it differs.

## How to read the conditions

Every kind has the three conditions that tools read, beside its own:

| State | `Ready` | `Reconciling` | `Stalled` |
|---|---|---|---|
| working on it | Unknown, or True while an older revision serves | True | False |
| serving, watching or answered | True | False | False |
| will not work without an edit | False, or True while an older revision serves | False | True |
| suspended | unchanged | False | False |

`Reconciling` and `Stalled` are never both True. `status.observedGeneration` is -1 until the operator has seen
the object, so `kubectl wait`, Helm, Flux and Argo CD never take an unseen object for a finished one. Drift is
told by conditions of its own and never makes anything un-Ready.

| Kind | Other conditions |
|---|---|
| ModelDeployment | `Promoted`: what should serve is what serves |
| RetrainPolicy | `DriftSuspected`, `DriftConfirmed`, `TriggersHealthy` |
| RetrainRun | `Trained`, `Evaluated`, then one of `Promoted`, `Rejected`, `Failed`, `RolledBack` |

An Event is written when a condition gets another status or reason, with that reason; drift is announced as
`DriftSuspected` and `DriftConfirmed`.
"""
SECTIONS: tuple[tuple[str, type[StrEnum]], ...] = (
    ("ModelDeployment", reasons.ModelDeploymentReason),
    ("ModelDeployment: why a model cannot be served", results.ModelFailureReason),
    ("RetrainPolicy", reasons.RetrainPolicyReason),
    ("RetrainPolicy: why the counters cannot be used", reasons.WindowProblem),
    ("RetrainPolicy: why a trigger cannot see (`TriggersHealthy`)", reasons.LookProblem),
    ("RetrainPolicy: why a trigger did not fire (`status.triggers`)", reasons.SuppressedReason),
    ("RetrainRun", reasons.RetrainRunReason),
)


def docstrings(enum: type[StrEnum]) -> dict[str, str]:
    """Return the string that follows each member in the source."""
    module = ast.parse(inspect.getsource(inspect.getmodule(enum) or reasons))
    body = next(
        node.body for node in module.body if isinstance(node, ast.ClassDef) and node.name == enum.__name__
    )
    found = {}
    for member, following in pairwise(body):
        if isinstance(member, ast.Assign) and isinstance(following, ast.Expr):
            assert isinstance(member.targets[0], ast.Name)
            found[member.targets[0].id] = str(ast.literal_eval(following.value)).replace("``", "`")
    return found


def section(title: str, enum: type[StrEnum]) -> str:
    texts = docstrings(enum)
    rows = [f"| `{member.value}` | {' '.join(texts[member.name].split())} |" for member in enum]
    return "\n".join([f"## {title}", "", "| Reason | Meaning and remedy |", "|---|---|", *rows, ""])


@pytest.mark.parametrize("enum", [enum for _, enum in SECTIONS])
def test_every_reason_is_pascal_case_and_documented(enum: type[StrEnum]) -> None:
    assert set(docstrings(enum)) == {member.name for member in enum}
    for member in enum:
        assert member.value[0].isupper()
        assert member.value.isalnum()


def test_reference_is_up_to_date(request: pytest.FixtureRequest) -> None:
    page = "\n".join([INTRODUCTION, *(section(title, enum) for title, enum in SECTIONS)])
    path = CHECKOUT / "docs" / "reference" / "conditions.md"
    check_golden(path, page, update=bool(request.config.getoption("--update-golden")))


def test_every_reason_is_used() -> None:
    package = CHECKOUT / "operator" / "holdfast_operator"
    sources = "\n".join(path.read_text() for path in package.rglob("*.py") if path.name != "reasons.py")
    for _, enum in SECTIONS:
        unused = [
            member.name
            for member in enum
            if enum.__module__ == reasons.__name__ and f".{member.name}" not in sources
        ]
        assert unused == [], enum.__name__
