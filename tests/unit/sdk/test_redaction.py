"""Nothing that looks like a credential survives, and nothing else is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.redaction import HIDDEN, redact

SECRET = "hunter2-Zq81-correct-horse"
CARRIERS = (
    "password={}",
    "PASSWORD: {}",
    "db_password = '{}'",
    '{{"apiKey": "{}"}}',
    "AWS_SECRET_ACCESS_KEY={} was refused",
    "--token={}",
    "Authorization: Bearer {}",
    "curl -H 'Authorization: Basic {}'",
    "cannot read https://ana:{}@example.com/data.csv",
    "https://store.example.com/a?X-Amz-Signature={}&x=1",
    "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\n{}",
    "postgresql://trainer:{}@db:5432/rides",
    "credentials => {}",
)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_credential_is_hidden_wherever_it_stands(carrier: str) -> None:
    hidden = redact(f"Traceback: ValueError: {carrier.format(SECRET)}")
    assert SECRET not in hidden
    assert HIDDEN in hidden
    assert hidden.startswith("Traceback: ValueError: ")


@pytest.mark.parametrize(
    "token",
    [
        "AKIA" + "Q7" * 8,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbmEifQ.c2lnbmF0dXJl",
        "ghp_" + "a1B2" * 9,
        "xoxb-" + "123456789012-abcdef",
        "hf_" + "aB3" * 11,
    ],
)
def test_token_is_known_by_its_form_alone(token: str) -> None:
    assert token not in redact(f"refused: {token}.")


@pytest.mark.parametrize(
    "text",
    [
        "column temperature has 12 missing values",
        "cannot read s3://data/credit/2026-06.parquet: NoSuchKey",
        f"package sha256:{'0f' * 32} is not the one that was judged",
        "the secret store does not answer",
        "mae 34.1 is above 45; 2,928 rows at 10:15:00",
    ],
)
def test_text_without_a_credential_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


@given(st.sampled_from(CARRIERS), st.text("abcXYZ0189-_", min_size=12, max_size=40), st.text(max_size=60))
def test_no_credential_survives_in_any_surroundings(carrier: str, secret: str, around: str) -> None:
    assert secret not in redact(f"{around.replace(secret, '')} {carrier.format(secret)}\n{around[:5]}")


@given(st.text(max_size=300))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_what_is_hidden_stays_as_it_is(carrier: str) -> None:
    hidden = redact(carrier.format(SECRET))
    assert redact(hidden) == hidden
