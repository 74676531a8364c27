"""What is demanded is read as written or refused in a sentence; and what another scanner says is understood."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fixtures.errors import BadInput, SetupFailed
from fixtures.tls import scanner
from fixtures.tls.policy import FILE, load
from fixtures.tls.suites import CLASSES


def test_the_policy_forbids_every_class_of_weakness() -> None:
    policy = load()
    assert set(policy.forbidden_suites) == set(CLASSES)
    assert set(policy.versions.demanded) <= set(policy.versions.allowed)
    assert not policy.excused("postgres", "cbc")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("listeners:\n", "listeners:\n  dex: {exceptions: {cbc: short}}\n"),
        ("rc4:", "rc5:"),
        ("allowed: [TLS 1.2,", "allowed: [TLS 1.7,"),
    ],
)
def test_a_policy_of_another_shape_is_refused(tmp_path: Path, old: str, new: str) -> None:
    text = FILE.read_text()
    assert old in text
    place = tmp_path / "policy.yaml"
    place.write_text(text.replace(old, new))
    with pytest.raises(BadInput, match="TLS policy"):
        load(place)


def _answer(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    parts = {name: {"status": "COMPLETED", "result": {"accepted_cipher_suites": []}} for name in scanner.VERSIONS}
    parts["tls_1_3_cipher_suites"]["result"] = {"accepted_cipher_suites": [{"cipher_suite": {"name": "A"}}]}
    chain = {"received_certificate_chain": [{"fingerprint_sha256": "qw=="}]}
    parts["certificate_info"] = {"status": "COMPLETED", "result": {"certificate_deployments": [chain]}}
    found = {"scan_result": parts, "connectivity_result": {"client_auth_requirement": "OPTIONAL"}}
    return {"server_scan_results": [{**found, "connectivity_error_trace": None, **changes}]}


def test_the_other_scanners_answer_is_understood() -> None:
    seen = scanner.understand(_answer(), "here")
    assert (seen.suites, seen.chain, seen.client) == ({"TLS 1.3": frozenset({"A"})}, ("ab",), "OPTIONAL")


def test_no_connection_and_half_a_scan_are_no_opinion() -> None:
    with pytest.raises(SetupFailed, match="could not connect: refused"):
        scanner.understand(_answer(scan_result=None, connectivity_error_trace="refused"), "here")
    broken = _answer()
    broken["server_scan_results"][0]["scan_result"]["certificate_info"]["status"] = "ERROR"
    with pytest.raises(SetupFailed, match="did not finish certificate_info"):
        scanner.understand(broken, "here")


def test_the_scanner_is_locked() -> None:
    assert scanner.version()
    assert scanner.recipe().entry.startswith("sslyze-")
