"""The rules of the map, each over data that breaks it and no other."""

from __future__ import annotations

import dataclasses

import pytest

from fixtures.stack import Link, LinkPolicy
from fixtures.tls.links import (
    LINK_COLUMNS,
    LISTENER_COLUMNS,
    RULES,
    Scene,
    is_loopback,
    link_rows,
    listener_rows,
)
from fixtures.tls.probe import ANSWERS, Spoken
from fixtures.wire import Connection, Listener, Socket

MTLS, TLS, PLAIN = LinkPolicy.MTLS, LinkPolicy.TLS, LinkPolicy.PLAINTEXT
STORE = Listener(name="store", component="valkey", port=6379, protocol="redis", policy=MTLS, loopback=True)
DOOR = Listener(name="door", component="traefik", port=8443, protocol="https", policy=TLS)
WEB = Listener(
    name="web", component="sentry-web", port=9000, protocol="http", policy=PLAIN, reason="it has no TLS listener"
)
STRICT = Spoken(versions=("TLS 1.3",), subject="CN=store", asked=True, refusal="certificate required")
OPEN = Spoken(versions=("TLS 1.2", "TLS 1.3"), subject="CN=door")
HTTP = Spoken(plaintext="HTTP/1.1 302 Found")


def socket(listener: Listener, address: str = "127.0.0.1") -> Socket:
    return Socket(component=listener.component, server=listener.name, process="it", address=address, port=listener.port)


SOUND = Scene(
    listeners=(STORE, DOOR, WEB),
    links=(
        Link(client="sentry-web", server="valkey", protocol="redis", policy=MTLS, listener="store"),
        Link(client="traefik", server="sentry-web", protocol="http", policy=PLAIN, reason="as above", listener="web"),
    ),
    sockets=(socket(STORE), socket(DOOR, "0.0.0.0"), socket(WEB, "::")),
    connections=(Connection(client="sentry-web", server="valkey", port=6379, process="python"),),
    spoken={"store": STRICT, "door": OPEN, "web": HTTP},
)


def spoken(**changes: Spoken) -> Scene:
    return dataclasses.replace(SOUND, spoken={**SOUND.spoken, **changes})


STRAY = dataclasses.replace(socket(STORE), port=1234)
SILENT = Link(client="relay", server="valkey", protocol="redis", policy=MTLS, listener="nowhere")
LAX = Link(client="relay", server="traefik", protocol="https", policy=MTLS, listener="door")
BARE = dataclasses.replace(WEB, reason=" ")
FOREIGN = Connection(client="relay", server="valkey", port=6379, process="relay")
BROKEN = {
    "a stray socket": ("socket-undeclared", dataclasses.replace(SOUND, sockets=(*SOUND.sockets, STRAY)), ":1234"),
    "bound to all": (
        "socket-on-every-address",
        dataclasses.replace(SOUND, sockets=(socket(STORE, "0.0.0.0"), *SOUND.sockets[1:])),
        "bound to 0.0.0.0",
    ),
    "gone": ("listener-absent", dataclasses.replace(SOUND, sockets=SOUND.sockets[1:]), "does not listen on 6379"),
    "plaintext beside": ("policy-differs", spoken(store=dataclasses.replace(STRICT, plaintext="+PONG")), "'+PONG'"),
    "none asked": ("policy-differs", spoken(store=OPEN), "no client certificate is asked for"),
    "optional": (
        "policy-differs",
        spoken(store=dataclasses.replace(STRICT, refusal="")),
        "a client without a certificate is let in",
    ),
    "too strict": ("policy-differs", spoken(door=STRICT), "a client without a certificate is refused"),
    "TLS after all": ("policy-differs", spoken(web=OPEN), "it speaks TLS 1.2, TLS 1.3"),
    "silent": ("policy-differs", spoken(door=Spoken(trouble="connection refused")), "connection refused"),
    "no reason": (
        "plaintext-without-reason",
        dataclasses.replace(SOUND, listeners=(STORE, DOOR, BARE)),
        "without a reason",
    ),
    "foreign connection": (
        "connection-undeclared",
        dataclasses.replace(SOUND, connections=(FOREIGN,)),
        "connected to port 6379 of valkey",
    ),
    "connection to nothing": (
        "connection-undeclared",
        dataclasses.replace(SOUND, connections=(dataclasses.replace(FOREIGN, port=1234),)),
        "port 1234",
    ),
    "link to nothing": ("link-without-listener", dataclasses.replace(SOUND, links=(*SOUND.links, SILENT)), "'nowhere'"),
    "link that promises more": (
        "link-without-listener",
        dataclasses.replace(SOUND, links=(*SOUND.links, LAX)),
        "TLS only",
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_sound_stack_has_no_findings(rule: str) -> None:
    assert not list(RULES[rule](SOUND))


@pytest.mark.parametrize("name", BROKEN)
def test_a_rule_finds_what_it_is_for_and_no_other_does(name: str) -> None:
    rule, scene, words = BROKEN[name]
    found = {one: list(RULES[one](scene)) for one in RULES}
    assert [one for one in found if found[one]] == [rule]
    (finding,) = found[rule]
    assert words in finding.sentence
    assert finding.next_step


def test_every_rule_is_broken_by_something() -> None:
    assert {rule for rule, _, _ in BROKEN.values()} == set(RULES)


def test_what_cannot_be_reached_is_not_judged() -> None:
    assert not list(RULES["policy-differs"](dataclasses.replace(SOUND, spoken={})))


def test_tables_have_a_cell_a_column_and_show_what_is_undeclared() -> None:
    scene = dataclasses.replace(SOUND, sockets=(*SOUND.sockets, STRAY))
    listeners, links = listener_rows(scene), link_rows(scene)
    assert {len(row) for row in listeners} == {len(LISTENER_COLUMNS)}
    assert {len(row) for row in links} == {len(LINK_COLUMNS)}
    assert listeners[-1][0] == "undeclared"
    assert [row[LINK_COLUMNS.index("connected")] for row in links] == ["yes", "not seen"]


@pytest.mark.parametrize(
    ("address", "own"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("::", False), ("10.0.0.1", False)],
)
def test_loopback_is_known_in_all_its_forms(address: str, own: bool) -> None:
    assert is_loopback(address) is own


@pytest.mark.parametrize(
    ("protocol", "answer", "plaintext"),
    [
        ("https", b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.", False),
        ("https", b"HTTP/1.1 404 Not Found\r\n", False),
        ("https", b"HTTP/1.1 302 Found\r\n", True),
        ("http", b"HTTP/1.1 404 Not Found\r\n", True),
        ("redis", b"+PONG\r\n", True),
        ("redis", b"-NOAUTH Authentication required.\r\n", True),
        ("redis", b"\x15\x03\x01\x00\x02\x02\x50", False),
        ("kafka", b"\x00\x00\x00\x0a\x00\x00\x00\x01\x00\x00", True),
        ("kafka", b"\x15\x03\x03\x00\x02\x02\x50", False),
        ("postgresql", b"R\x00\x00\x00\x08", True),
        ("postgresql", b"E\x00\x00\x00\x90SFATAL", False),
        ("postgresql", b"", False),
    ],
)
def test_an_answer_in_plaintext_is_told_from_a_refusal(protocol: str, answer: bytes, plaintext: bool) -> None:
    assert ANSWERS[protocol](answer) is plaintext
