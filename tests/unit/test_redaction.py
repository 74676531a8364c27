"""What looks like a secret, or is registered as one, is masked; what does not is left readable."""

from __future__ import annotations

import base64

import pytest

from fixtures.redaction import MASK, redact, redact_data, secret

KEY = "-----BEGIN EC " + "PRIVATE KEY-----"


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer HIDE-me-123",
        "Authorization: Basic HIDEme123==",
        '{"authorization": "Sentry sentry_key=HIDE-me"}',
        "postgresql://sentry:HIDE-me@localhost:5432/sentry",
        "https://abc:HIDEme@sentry.localhost/1",
        "password=HIDE-me",
        "db_password: HIDE-me",
        '{"client_secret": "HIDE-me and spaces"}',
        "'access_token': 'HIDE-me'",
        "?code=1&token=HIDE-me&state=2",
        "Set-Cookie: sentrysid=HIDE-me; Path=/",
        "sntrys_HIDEme12345",
        "eyJHIDEmeHIDEme.eyJHIDEmeHIDEme.sigHIDEme",
        f"{KEY}\nHIDE\n-----END EC PRIVATE KEY-----",
        f"{KEY}\\nHIDE cut off",
        "X-Sentry-Auth: Sentry sentry_key=a, sentry_secret=HIDEme",
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str) -> None:
    assert "HIDE" not in redact(text)
    assert MASK in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "event 9d3f accepted after 0.41 s",
        "https://0123456789abcdef0123456789abcdef@sentry.localhost:8443/1",
        "the token was refused",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "sentry_key=0123456789abcdef",
        "path /var/run/secrets/ca.crt",
    ],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert redact(text) == text


def test_a_registered_secret_is_masked_in_its_encodings() -> None:
    value = secret("run time+secret/1")
    seen = f"{value} run%20time%2Bsecret%2F1 {base64.b64encode(value.encode()).decode()}"
    assert redact(seen).replace(MASK, "").strip(" =") == ""


def test_data_is_masked_at_any_depth_and_keeps_its_shape() -> None:
    data = {"a": [1, None, True, ("x", {"password": "p", "count": 2})], "raw": b"token=HIDE-me"}
    assert redact_data(data) == {"a": [1, None, True, ["x", {"password": MASK, "count": 2}]], "raw": f"token={MASK}"}


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 6"):
        secret("abc")
