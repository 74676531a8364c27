"""The picture of the links: who stands where, and in which colour."""

from __future__ import annotations

from typing import Literal
from xml.etree import ElementTree

import pytest

from reports.links_map import depths, draw, protections
from reports.models import LinkFact, ListenerFact

Word = Literal["plaintext", "tls", "mtls"]


def link(client: str, server: str, policy: Word = "mtls", listener: str = "") -> LinkFact:
    return LinkFact(client=client, server=server, protocol="p", policy=policy, listener=listener or server)


def port(name: str, seen: Literal["", "plaintext", "tls", "mtls"]) -> ListenerFact:
    return ListenerFact(name=name, component=name, port=1, protocol="p", policy="mtls", seen=seen)


LINKS = (
    link("client", "door", "tls"),
    link("door", "web", "plaintext"),
    link("web", "store"),
    link("web", "door", "tls"),
    link("worker", "store"),
    link("store", "store"),
)


def test_columns_go_from_outside_in_and_back_links_do_not_count() -> None:
    found = depths([(one.client, one.server) for one in LINKS if one.client != one.server])
    assert found == {"client": 0, "door": 1, "web": 2, "store": 3, "worker": 2}


def test_a_pair_is_as_weak_as_its_weakest_link() -> None:
    both = (link("a", "b", "mtls", "one"), link("a", "b", "tls", "two"))
    assert protections(both, ()) == {("a", "b"): "tls"}


@pytest.mark.parametrize(("seen", "shown"), [("", "mtls"), ("mtls", "mtls"), ("plaintext", "plaintext")])
def test_what_was_seen_goes_before_what_is_declared(seen: Literal["", "plaintext", "tls", "mtls"], shown: str) -> None:
    assert protections((link("a", "b"),), (port("b", seen),)) == {("a", "b"): shown}


def test_every_component_and_link_is_drawn_once() -> None:
    drawing = draw(LINKS)
    root = ElementTree.fromstring(str(drawing))
    names = [found.text for found in root.iter("text") if found.get("class") is None]
    assert sorted(str(name) for name in names) == ["client", "door", "store", "web", "worker"]
    ways = [str(found.get("class")) for found in root.iter("g") if found.find("polygon") is not None]
    assert sorted(ways) == ["way w-mtls"] * 2 + ["way w-plaintext"] + ["way w-tls"] * 2
    assert [found.get("class") for found in root.iter("circle")] == ["own w-mtls"]
    title = root.find("title")
    assert title is not None
    assert "web to store: mTLS" in str(title.text)


def test_names_are_escaped_and_nothing_is_an_empty_picture() -> None:
    assert "<b>" not in draw((link("<b>", "store"),))
    assert draw(()) == ""
    assert draw((link("a", "a"),)) != ""
