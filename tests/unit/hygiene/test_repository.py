"""Rules of the repository that no linter knows."""

import ast
import tomllib
from pathlib import Path

import pytest
import yaml

from holdfast.release import VERSION

ROOT = Path(__file__).parents[3]
PACKAGES = ("sdk/holdfast", "operator/holdfast_operator", "serving-image/holdfast_serving", "tests")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
BANNED_NAMES = {"utils", "helpers", "common", "base", "types", "misc"}


def test_operator_folder_is_never_a_package() -> None:
    """It would shadow the standard library's ``operator`` for anything that starts from the root."""
    assert not (ROOT / "operator" / "__init__.py").exists()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_file_is_short_and_named_after_what_it_holds(path: Path) -> None:
    assert path.stem not in BANNED_NAMES
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 300, f"{len(lines)} lines"
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            length = node.end_lineno - node.lineno + 1
            assert length <= 50, f"{node.name} has {length} lines"


@pytest.mark.parametrize("project", ["sdk", "operator", "serving-image"])
def test_every_package_has_the_release_version(project: str) -> None:
    described = tomllib.loads((ROOT / project / "pyproject.toml").read_text(encoding="utf-8"))
    assert described["project"]["version"] == VERSION


def test_chart_has_the_release_version() -> None:
    chart = yaml.safe_load((ROOT / "charts/holdfast/Chart.yaml").read_text(encoding="utf-8"))
    assert (chart["version"], chart["appVersion"]) == (VERSION, VERSION)
