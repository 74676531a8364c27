"""What Relay 26.8.0 makes of unusual events, as data: what is sent, what is looked at, and what must be there.

Source: Relay's normalisation and scrubbing, tried with its own library; limits are characters unless said.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Document = Mapping[str, Any]
CARD = "4571234567890111"
FILTERED = "[Filtered]"
LONG_MESSAGE, KEPT_MESSAGE = "x" * 9000, "y" * 8392
CUT_MESSAGE = "x" * 8189 + "..."
SECRETS = ("password", "passwd", "secret", "api_key", "authorization", "token")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One event, the part of the stored document that ``look`` picks, and what it must equal."""

    name: str
    sent: Mapping[str, Any]
    look: Callable[[Document], Any]
    expected: Any
    header: Mapping[str, Any] = field(default_factory=dict)


def at(*path: str | int) -> Callable[[Document], Any]:
    """What stands at ``path``, or None where the way ends."""

    def look(document: Document) -> Any:  # noqa: ANN401 - any JSON value
        found: Any = document
        for step in path:
            try:
                found = found[step]
            except (KeyError, IndexError, TypeError):
                return None
        return found

    return look


def tag(name: str) -> Callable[[Document], Any]:
    """The value of a tag."""
    return lambda document: next((pair[1] for pair in document.get("tags") or [] if pair and pair[0] == name), None)


def errors(*names: str) -> Callable[[Document], Any]:
    """The given processing errors that the document carries."""
    return lambda document: {error["type"] for error in document.get("errors") or []} & set(names)


def _moment(**ago: float) -> float:
    return (datetime.datetime.now(datetime.UTC) - datetime.timedelta(**ago)).timestamp()


def _age(document: Document) -> bool:
    """Whether the timestamp is within ten minutes of now."""
    return abs(_moment() - float(document["timestamp"])) < 600


def _shift(document: Document) -> int:
    """Whole minutes between the timestamp and now, the latest of both first."""
    return round((float(document["timestamp"]) - float(document["received"])) / 60)


SCRUBBING = (
    *(
        Rule(
            name=f"extra {name} is scrubbed",
            sent={"extra": {name: "hunter2", "ok": "seen"}},
            look=at("extra", name),
            expected=FILTERED,
        )
        for name in SECRETS
    ),
    Rule(name="harmless extra stays", sent={"extra": {"ok": "seen"}}, look=at("extra", "ok"), expected="seen"),
    Rule(name="card number in extra", sent={"extra": {"note": CARD}}, look=at("extra", "note"), expected=FILTERED),
    Rule(
        name="password in request data",
        sent={
            "request": {
                "url": "https://shop.example.test/",
                "method": "POST",
                "data": {"password": "hunter2", "n": "1"},
            }
        },
        look=at("request", "data", "password"),
        expected=FILTERED,
    ),
    Rule(
        name="card number in the message",
        sent={"message": f"paid with {CARD} today"},
        look=at("logentry", "formatted"),
        expected="paid with [creditcard] today",
    ),
    Rule(
        name="user's mail address stays",
        sent={"user": {"email": "ada@example.test"}},
        look=at("user", "email"),
        expected="ada@example.test",
    ),
    Rule(
        name="tags are not scrubbed", sent={"tags": {"password": "visible"}}, look=tag("password"), expected="visible"
    ),
)

TRIMMING = (
    Rule(
        name="message within the allowance stays",
        sent={"message": KEPT_MESSAGE},
        look=at("logentry", "formatted"),
        expected=KEPT_MESSAGE,
    ),
    Rule(
        name="longer message is cut to 8192",
        sent={"message": LONG_MESSAGE},
        look=at("logentry", "formatted"),
        expected=CUT_MESSAGE,
    ),
    Rule(
        name="exception value is cut to 8192",
        sent={"exception": {"values": [{"type": "E", "value": LONG_MESSAGE}]}},
        look=at("exception", "values", 0, "value"),
        expected=CUT_MESSAGE,
    ),
    Rule(
        name="tag value is cut to 200",
        sent={"tags": {"long": "v" * 300}},
        look=lambda d: len(tag("long")(d) or ""),
        expected=200,
    ),
    Rule(name="logger is cut to 64", sent={"logger": "l" * 100}, look=lambda d: len(d["logger"]), expected=64),
    Rule(
        name="250 of 400 frames are kept",
        sent={
            "exception": {
                "values": [
                    {
                        "type": "E",
                        "value": "deep",
                        "stacktrace": {"frames": [{"function": f"f{n}", "lineno": n + 1} for n in range(400)]},
                    }
                ]
            }
        },
        look=lambda d: len(d["exception"]["values"][0]["stacktrace"]["frames"]),
        expected=250,
    ),
    Rule(
        name="100 breadcrumbs are kept",
        sent={"breadcrumbs": [{"message": f"b{n}"} for n in range(100)]},
        look=lambda d: len(d["breadcrumbs"]["values"]),
        expected=100,
    ),
)

NAMES = (
    Rule(
        name="spaces in a tag key become dashes", sent={"tags": {"two words": "v"}}, look=tag("two-words"), expected="v"
    ),
    Rule(
        name="the first of two equal tags wins",
        sent={"tags": [["twice", "1"], ["twice", "2"]]},
        look=tag("twice"),
        expected="1",
    ),
    Rule(name="environment none is dropped", sent={"environment": "none"}, look=at("environment"), expected=None),
    Rule(
        name="environment with a slash is dropped", sent={"environment": "a/b"}, look=at("environment"), expected=None
    ),
    Rule(name="environment of 64 stays", sent={"environment": "e" * 64}, look=at("environment"), expected="e" * 64),
    Rule(name="release latest is dropped", sent={"release": "latest"}, look=at("release"), expected=None),
    Rule(name="release with a slash is dropped", sent={"release": "a/b"}, look=at("release"), expected=None),
    Rule(name="release of 201 is dropped", sent={"release": "r" * 201}, look=at("release"), expected=None),
    Rule(
        name="a dropped release is told",
        sent={"release": "latest"},
        look=errors("invalid_data"),
        expected={"invalid_data"},
    ),
    Rule(name="level 50 is fatal", sent={"level": 50}, look=at("level"), expected="fatal"),
    Rule(name="an unknown level is error", sent={"level": "bogus"}, look=at("level"), expected="error"),
    Rule(name="an unknown platform is other", sent={"platform": "abacus"}, look=at("platform"), expected="other"),
    Rule(
        name="fingerprint numbers are text", sent={"fingerprint": ["a", 7]}, look=at("fingerprint"), expected=["a", "7"]
    ),
    Rule(name="server_name is a tag", sent={"server_name": "web-1"}, look=tag("server_name"), expected="web-1"),
    Rule(
        name="an unknown attribute is dropped", sent={"from_the_future": 1}, look=at("from_the_future"), expected=None
    ),
    Rule(
        name="an unknown attribute is told",
        sent={"from_the_future": 1},
        look=errors("invalid_attribute"),
        expected={"invalid_attribute"},
    ),
    Rule(
        name="type transaction in an event item is ignored",
        sent={"type": "transaction", "message": "m"},
        look=at("type"),
        expected="default",
    ),
    Rule(
        name="a trace is made from the id",
        sent={"message": "m"},
        look=lambda d: d["contexts"]["trace"]["trace_id"] == d["event_id"],
        expected=True,
    ),
    Rule(name="protocol version 7", sent={"message": "m"}, look=at("version"), expected="7"),
)


def clocks() -> tuple[Rule, ...]:
    """Rules about time, made at the moment of sending."""
    return (
        Rule(name="a time that is none becomes now", sent={"timestamp": "yesterday-ish"}, look=_age, expected=True),
        Rule(
            name="a time that is none is told",
            sent={"timestamp": "x"},
            look=errors("invalid_data"),
            expected={"invalid_data"},
        ),
        Rule(name="an hour ahead becomes now", sent={"timestamp": _moment(hours=-1)}, look=_age, expected=True),
        Rule(
            name="an hour ahead is told",
            sent={"timestamp": _moment(hours=-1)},
            look=errors("future_timestamp"),
            expected={"future_timestamp"},
        ),
        Rule(name="two hours ago stays", sent={"timestamp": _moment(hours=2)}, look=_shift, expected=-120),
        Rule(name="120 days ago becomes now", sent={"timestamp": _moment(days=120)}, look=_age, expected=True),
        Rule(
            name="120 days ago is told",
            sent={"timestamp": _moment(days=120)},
            look=errors("past_timestamp"),
            expected={"past_timestamp"},
        ),
        Rule(
            name="a clock two hours behind is set right",
            sent={"timestamp": _moment(hours=2)},
            header={"sent_at": datetime.datetime.fromtimestamp(_moment(hours=2), datetime.UTC).isoformat()},
            look=lambda d: (_shift(d), errors("clock_drift")(d)),
            expected=(0, {"clock_drift"}),
        ),
    )
