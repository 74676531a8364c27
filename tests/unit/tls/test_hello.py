"""Hellos as bytes, and what is read out of a server's answer."""

from __future__ import annotations

import io
import struct

import pytest

from fixtures.stack import Endpoint
from fixtures.tls.hello import (
    SSL3,
    TLS1_0,
    TLS1_2,
    TLS1_3,
    VERSIONS,
    NoAnswer,
    client_hello,
    greet,
    read_reply,
    server_hello,
)
from fixtures.tls.suites import CLASSES, NEW, OLD, name_of, weaknesses


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack(">BHH", kind, TLS1_2, len(content)) + content


def _server_hello(version: int, suite: int, extensions: bytes = b"") -> bytes:
    body = struct.pack(">H", version) + bytes(32) + b"\x00" + struct.pack(">H", suite) + b"\x00"
    body += struct.pack(">H", len(extensions)) + extensions
    return _record(22, b"\x02" + len(body).to_bytes(3, "big") + body)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_hello_is_one_record_of_its_own_length(version: int) -> None:
    hello = client_hello(version, list(OLD), "a.example.test")
    kind, record_version, size = struct.unpack(">BHH", hello[:5])
    assert (kind, size, hello[5]) == (22, len(hello) - 5, 1)
    assert record_version == min(version, TLS1_0)
    assert int.from_bytes(hello[6:9], "big") == size - 4
    assert struct.unpack(">H", hello[9:11])[0] == min(version, TLS1_2)
    assert (b"a.example.test" in hello) is (version != SSL3)


def test_a_server_hello_tells_version_and_suite() -> None:
    assert read_reply(io.BytesIO(_server_hello(TLS1_2, 0xC02C))).version == "TLS 1.2"
    new = read_reply(io.BytesIO(_server_hello(TLS1_2, 0x1301, struct.pack(">HHH", 0x2B, 2, TLS1_3))))
    assert (new.version, name_of(new.suite), new.accepted) == ("TLS 1.3", "TLS_AES_128_GCM_SHA256", True)


def test_a_server_hello_may_come_in_pieces() -> None:
    whole = _server_hello(TLS1_2, 0xC02C)[5:]
    pieces = _record(22, whole[:3]) + _record(22, whole[3:20]) + _record(22, whole[20:])
    assert read_reply(io.BytesIO(pieces)).suite == 0xC02C


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (_record(21, b"\x02\x46"), "alert protocol_version"),
        (_record(21, b"\x02\xfe"), "alert 254"),
        (b"", "closed the connection"),
        (b"HTTP/1.1 400 Bad Request", "no TLS record: it begins with b'HTTP/'"),
        (_record(22, b"\x0b\x00\x00\x00"), "handshake message 11 instead of a ServerHello"),
    ],
)
def test_a_refusal_is_told_in_words(answer: bytes, refusal: str) -> None:
    reply = read_reply(io.BytesIO(answer))
    assert (reply.accepted, reply.refusal) == (False, refusal)


def test_half_a_server_hello_is_none() -> None:
    with pytest.raises(ValueError, match="too early"):
        server_hello(b"\x03\x03")


def test_a_server_that_is_not_there_has_refused_nothing() -> None:
    with pytest.raises(NoAnswer, match="cannot be reached"):
        greet(Endpoint(host="127.0.0.1", port=1), TLS1_2, [0xC02C], timeout=1)


def test_every_class_of_weakness_has_a_suite_and_good_ones_have_none() -> None:
    found = {kind for name in OLD.values() for kind in weaknesses(name)}
    assert found == set(CLASSES)
    assert weaknesses("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256") == ()
    assert weaknesses("TLS_DH_anon_WITH_RC4_128_MD5") == ("anonymous", "rc4")
    assert weaknesses("TLS_RSA_WITH_AES_128_GCM_SHA256") == ("no-forward-secrecy",)
    assert [name for name in NEW.values() if weaknesses(name)] == ["TLS_AES_128_CCM_8_SHA256"]
    assert name_of(0xFEFE) == "0xFEFE"
