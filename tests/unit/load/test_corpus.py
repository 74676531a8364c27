"""What leaves are whole HTTP requests with real envelopes, each with its own id, whatever the compression."""

import gzip
import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.clients.envelope import item_types
from fixtures.errors import BadInput
from fixtures.load.corpus.build import MIX, Address, Corpus
from fixtures.load.corpus.sdks import SDKS

ADDRESS = Address(host="sentry.example.com", project=42, key="0123456789abcdef0123456789abcdef")
TIME = b"2026-11-25T06:00:00.123Z"
CORPUS = Corpus(ADDRESS)


def opened(request: bytes) -> tuple[bytes, bytes]:
    """Headers, and the body as it is after decoding."""
    head, _, body = request.partition(b"\r\n\r\n")
    assert b"Content-Length: %d" % len(body) in head
    return head, gzip.decompress(body) if b"Content-Encoding: gzip" in head else body


def event_of(body: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    header, item, event, rest = body.split(b"\n")
    assert rest == b""
    assert json.loads(item)["length"] == len(event)
    assert item_types(body) == ["event"]
    return json.loads(header), json.loads(event)


@given(prefix=st.integers(0, 2**64 - 1), number=st.integers(0, 2**64 - 1))
def test_every_request_is_whole_and_has_its_id(prefix: int, number: int) -> None:
    event_id = f"{prefix:016x}{number:016x}"
    head, body = opened(CORPUS.request(number, event_id.encode(), TIME))
    header, event = event_of(body)
    assert header["event_id"] == event["event_id"] == event["contexts"]["trace"]["trace_id"] == event_id
    assert event["timestamp"] == header["sent_at"] == TIME.decode()
    assert event["user"]["id"] == f"u-{event_id[29:]}"
    assert ADDRESS.key.encode() in head
    assert b"/api/42/envelope/" in head.splitlines()[0]


def test_sizes_are_about_what_they_are_called() -> None:
    for size, templates in CORPUS.templates.items():
        mean = sum(template.body_size for template in templates) / len(templates)
        assert 0.9 * size < mean < 1.4 * size, f"{size}: {[template.body_size for template in templates]}"
    assert 12_000 < CORPUS.mean_size < 25_000


def test_every_sdk_sends_as_it_does() -> None:
    packed: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for size in (1000, 50_000):
        for template in CORPUS.templates[size]:
            head, body = opened(template.request(b"0" * 32, TIME))
            name = json.loads(body.split(b"\n")[0])["sdk"]["name"]
            seen[name] += 1
            packed[name] += b"Content-Encoding: gzip" in head
            assert (b"?sentry_version=7&sentry_key=" in head) == (name == "sentry.javascript.react")
    assert set(seen) == {sdk.name for sdk in SDKS}
    assert {name for name in seen if packed[name] == seen[name]} == {sdk.name for sdk in SDKS if sdk.gzip_from == 0}
    assert packed["sentry.ruby.rails"] == packed["sentry.javascript.node"] == 3
    assert packed["sentry.go"] == 0


def test_tags_have_few_values_or_some_hundreds() -> None:
    bodies = [opened(CORPUS.request(number, b"0" * 32, TIME))[1] for number in range(1009)]
    tags = [event_of(body)[1]["tags"] for body in bodies]
    assert len({tag.get("region") for tag in tags}) <= 4
    assert 40 < len({tag["tenant"] for tag in tags}) <= 400
    users = {event_of(opened(CORPUS.request(0, b"%032x" % n, TIME))[1])[1]["user"]["id"] for n in range(0, 5000, 5)}
    assert len(users) > 800


def test_a_corpus_is_the_same_everywhere_and_in_proportion() -> None:
    again = Corpus(ADDRESS)
    assert [again._turn[n].body_size for n in range(1009)] == [CORPUS._turn[n].body_size for n in range(1009)]
    small = sum(template in CORPUS.templates[1000] for template in CORPUS._turn)
    assert small / 1009 == pytest.approx(MIX[1000] / 100, abs=0.03)


def test_an_unknown_size_is_one_sentence() -> None:
    with pytest.raises(BadInput, match="no corpus of size '5k'"):
        Corpus(ADDRESS, "5k")
