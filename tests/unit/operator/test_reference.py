"""The reference of the operator's process is what the code says."""

import yaml

from tests.unit.operator.reference import PAGE, render, rules


def test_page_is_up_to_date() -> None:
    assert PAGE.read_text() == render(), "run python -m tests.unit.operator.reference"


def test_operator_may_do_nothing_to_secrets_and_uses_no_wildcard() -> None:
    for rule in yaml.safe_load(rules()):
        assert "*" not in rule["apiGroups"] + rule["resources"] + rule["verbs"]
        assert not {"secrets", "pods/exec"} & set(rule["resources"])
        if "configmaps" in rule["resources"]:
            assert rule["verbs"] == ["get", "create", "patch"], (
                "its own, by name: those of others stay unseen"
            )
