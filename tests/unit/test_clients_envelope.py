"""The envelope builder must write exactly the bytes that are asked for, broken ones too."""

from __future__ import annotations

import gzip
import json
import zlib

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard

from fixtures.clients.envelope import (
    Item,
    attachment_item,
    bomb,
    compress,
    envelope,
    event_envelope,
    item_types,
    json_item,
    new_event_id,
)

ID = "0123456789abcdef0123456789abcdef"


def test_an_event_envelope_has_three_lines_with_the_id_in_both_places() -> None:
    header, item, payload, rest = event_envelope(ID, {"message": "m"}).split(b"\n")
    assert json.loads(header) == {"event_id": ID}
    assert json.loads(item) == {"type": "event", "length": len(payload)}
    assert json.loads(payload) == {"event_id": ID, "message": "m"}
    assert rest == b""


@pytest.mark.parametrize("length", [None, 3, -1, "12", 12.5])
def test_a_length_is_written_as_given(length: object) -> None:
    header = json.loads(Item(type="event", payload=b"{}", length=length).encode().split(b"\n")[0])
    assert header == ({"type": "event"} if length is None else {"type": "event", "length": length})


def test_an_item_may_have_no_type_and_the_end_no_line_feed() -> None:
    made = envelope(Item(type=None, payload=b"x"), event_id=ID, last_newline=False)
    assert made.endswith(b'{"length": 1}\nx')


def test_types_are_read_back_although_payloads_hold_line_feeds() -> None:
    made = envelope(attachment_item("a", b"1\n2\n{}\n"), json_item("event", {}), event_id=ID)
    assert item_types(made) == ["attachment", "event"]


@pytest.mark.parametrize(
    ("encoding", "decode"),
    [
        ("gzip", gzip.decompress),
        ("deflate", zlib.decompress),
        ("br", brotli.decompress),
        ("zstd", lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body)),
        ("identity", bytes),
        ("lzma", bytes),
    ],
)
def test_encodings_can_be_undone(encoding: str, decode: object) -> None:
    assert callable(decode)
    assert decode(compress(b"some body", encoding)) == b"some body"


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_bomb_is_small_and_unpacks_to_its_size(encoding: str) -> None:
    size = 3_000_001
    packed = bomb(size, encoding)
    assert len(packed) < size / 100
    unpack = gzip.decompress if encoding == "gzip" else zstandard.ZstdDecompressor().decompressobj().decompress
    assert len(unpack(packed)) == size
    with pytest.raises(ValueError, match="no bomb"):
        bomb(1, "lzma")


def test_ids_are_fresh_and_in_the_stored_form() -> None:
    one, other = new_event_id(), new_event_id()
    assert one != other
    assert len(one) == 32
    assert one == one.lower()
