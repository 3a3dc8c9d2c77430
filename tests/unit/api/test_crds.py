"""The generator writes what is committed, and says when something differs."""

from pathlib import Path

import pytest
import yaml

from holdfast_operator import crds
from holdfast_operator.crds import CHECKOUT, differing, generated_files, main, write

NAMES = [
    "modeldeployments.holdfast.dev.yaml",
    "retrainpolicies.holdfast.dev.yaml",
    "retrainruns.holdfast.dev.yaml",
]


def test_checkout_holds_what_the_models_say() -> None:
    assert differing(CHECKOUT) == []


def test_every_copy_is_written() -> None:
    folders = ("crds", "sdk/holdfast/crds", "charts/holdfast/templates/crds")
    expected = {f"{folder}/{name}" for folder in folders for name in NAMES}
    assert generated_files().keys() == {*expected, "docs/reference/api.md"}


def test_command_line_validates_with_the_crds_that_are_installed() -> None:
    files = generated_files()
    for name in NAMES:
        assert files[f"sdk/holdfast/crds/{name}"] == files[f"crds/{name}"]


@pytest.mark.parametrize("name", NAMES)
def test_chart_copy_follows_install_and_keep(name: str) -> None:
    files = generated_files()
    lines = files[f"charts/holdfast/templates/crds/{name}"].splitlines()
    assert (lines[1], lines[-1]) == ("{{- if .Values.crds.install }}", "{{- end }}")
    keep = lines.index("  {{- if .Values.crds.keep }}")
    assert lines[keep + 1 : keep + 4] == [
        "  annotations:",
        "    helm.sh/resource-policy: keep",
        "  {{- end }}",
    ]
    plain = [
        line for number, line in enumerate(lines) if number not in {1, *range(keep, keep + 4), len(lines) - 1}
    ]
    assert yaml.safe_load("\n".join(plain)) == yaml.safe_load(files[f"crds/{name}"])


def test_written_files_do_not_differ_and_stale_ones_are_removed(tmp_path: Path) -> None:
    write(tmp_path)
    stale = tmp_path / "crds/formers.holdfast.dev.yaml"
    stale.write_text("")
    (tmp_path / "docs/reference/api.md").write_text("edited by hand")
    assert differing(tmp_path) == ["crds/formers.holdfast.dev.yaml", "docs/reference/api.md"]
    write(tmp_path)
    assert differing(tmp_path) == []
    assert not stale.exists()


def test_check_fails_and_names_what_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(crds, "CHECKOUT", tmp_path)
    assert main(["--check"]) == 1
    assert "crds/retrainruns.holdfast.dev.yaml is not what the API models say" in capsys.readouterr().err
    assert main([]) == 0
    assert main(["--check"]) == 0


def test_text_that_helm_would_interpret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crds, "custom_resource_definition", lambda _: {"metadata": {"name": "a {{ b }}"}})
    with pytest.raises(ValueError, match="template action"):
        generated_files()


def test_reference_lists_every_field_with_default_bounds_and_rules() -> None:
    page = generated_files()["docs/reference/api.md"]
    assert (
        "| `replicas` | integer | `1` | Serving pods; without effect beside autoscaling. ≥ 0, ≤ 1000. |"
        in page
    )
    assert "- min must not exceed max: lower min or raise max" in page
    assert "### spec.trainer.env[]" in page
