"""Only Services of the policy's own namespace are asked, and hosts that the administrator lists."""

import pytest

from holdfast_operator.core.reasons import LookProblem
from holdfast_operator.core.signal_answer import SignalError
from holdfast_operator.core.signal_target import find_service

ALLOWED = ("drift.example.com", "10.0.0.7:8443", "[fd00::7]:80", "Upper.example.com")


@pytest.mark.parametrize(
    ("url", "service"),
    [
        ("http://evidently.bank.svc/drift", "evidently"),
        ("http://evidently.bank.svc:8000/api?a=b", "evidently"),
        ("https://EVIDENTLY.Bank.SVC", "evidently"),
        ("http://evidently.bank.svc.cluster.local/", "evidently"),
        ("https://drift.example.com/a", None),
        ("https://drift.example.com:9443/a", None),
        ("https://10.0.0.7:8443/", None),
        ("http://[fd00::7]/", None),
        ("http://upper.example.com/", None),
    ],
)
def test_own_services_and_allowed_hosts_are_asked(url: str, service: str | None) -> None:
    assert find_service(url, "bank", ALLOWED) == service


@pytest.mark.parametrize(
    "url",
    [
        "http://evidently.other.svc/drift",
        "http://evidently.bank.svc.evil.example.com/",
        "http://evidently.bank.svc.cluster.local.evil/",
        "http://evidently.bank.svc./",
        "http://.bank.svc/",
        "http://a.b.bank.svc/",
        "http://bank.svc/",
        "http://evidently.bank/",
        "http://evidently/",
        "http://10.0.0.7/",
        "http://10.0.0.7:80/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "http://localhost/",
        "http://drift.example.com.evil/",
        "http://me@drift.example.com/",
        "http://evidently.bank.svc@evil/",
        "http://evidently.bank.svc\\@evil/",
        "http://evidently.bank.svc:80:90/",
        "http://evil?.bank.svc/",
        "http://evil#.bank.svc/",
        "http://evidently.bank.svc/a\nHost: evil",
        "ftp://evidently.bank.svc/",
        "evidently.bank.svc",
        "",
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    with pytest.raises(SignalError) as refused:
        find_service(url, "bank", ALLOWED)
    assert refused.value.problem is LookProblem.SIGNAL_REFUSED
    assert "no URL" in str(refused.value) or "signals.allowedHosts" in str(refused.value)
