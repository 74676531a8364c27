"""The picture of a stack's links: components in columns from the outside in, each link in the colour of its protection.

Layers by the longest way from outside, lanes for links that pass a column, and a few rounds that put everything near
its neighbours: enough for the two dozen links of a platform, and the same picture for the same links.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from markupsafe import Markup

from reports.models import LinkFact, ListenerFact

OUTSIDE = "client"
PROTECTION = ("plaintext", "tls", "mtls")
WORDS = {"plaintext": "plaintext", "tls": "TLS", "mtls": "mTLS"}
BOX, GAP, LANE, STEP, EDGE = 122.0, 52.0, 14.0, 11.0, 14.0
ROUNDS = 8
LEGEND = 30.0
Pair = tuple[str, str]


@dataclass(kw_only=True)
class Place:
    """A component in its column, or a lane of a link through it (``name`` is then empty)."""

    column: int
    name: str = ""
    y: float = 0.0
    height: float = LANE
    before: list[Place] = field(default_factory=list)
    after: list[Place] = field(default_factory=list)


def draw(links: Sequence[LinkFact], listeners: Sequence[ListenerFact] = ()) -> Markup:
    """The picture. What a listener was seen to speak goes before what its link declares."""
    shown = protections(links, listeners)
    if not shown:
        return Markup("")
    columns, ways = _lay_out(list(shown))
    height = max(sum(one.height + EDGE for one in column) for column in columns) + LEGEND
    width = len(columns) * (BOX + GAP) - GAP + 2
    told = "; ".join(f"{client} to {server}: {WORDS[word]}" for (client, server), word in shown.items())
    head = Markup('<svg viewBox="0 0 {:.0f} {:.0f}" role="img" class="map"><title>{}</title>')
    parts = [head.format(width, height, told), _legend(height - 8)]
    parts += _lines(ways, shown)
    parts += [_box(place, shown.get((place.name, place.name))) for column in columns for place in column if place.name]
    return Markup("").join([*parts, Markup("</svg>")])


def protections(links: Iterable[LinkFact], listeners: Iterable[ListenerFact]) -> dict[Pair, str]:
    """Each pair of client and server, with the weakest protection of the links between them."""
    seen = {one.name: one.seen for one in listeners if one.seen}
    found: dict[Pair, str] = {}
    for link in links:
        word, pair = seen.get(link.listener) or link.policy, (link.client, link.server)
        found[pair] = min(word, found.get(pair, word), key=PROTECTION.index)
    return found


# -- where everything is --------------------------------------------------------------------------------------------
def depths(pairs: Sequence[Pair]) -> dict[str, int]:
    """The column of each component: as far from the outside as its longest way, links backwards left out."""
    forward = _forward([pair for pair in pairs if pair[0] != pair[1]])
    nodes = list(dict.fromkeys(node for pair in pairs for node in pair))
    found = dict.fromkeys(nodes, 0)
    for _ in nodes:
        for client, server in forward:
            found[server] = max(found[server], found[client] + 1)
    for node in nodes:
        servers = [found[server] for client, server in forward if client == node]
        if node != OUTSIDE and servers and not any(server == node for _, server in forward):
            found[node] = max(0, min(servers) - 1)  # nobody's server stands right before its own servers
    return found


def _forward(pairs: Sequence[Pair]) -> list[Pair]:
    """The links without those that lead back on a way that came from outside."""
    servers: dict[str, list[str]] = {}
    for client, server in pairs:
        servers.setdefault(client, []).append(server)
    back: set[Pair] = set()
    done: set[str] = set()

    def visit(node: str, way: tuple[str, ...]) -> None:
        for server in servers.get(node, ()):
            if server in (*way, node):
                back.add((node, server))
            elif server not in done:
                visit(server, (*way, node))
        done.add(node)

    for node in sorted(servers, key=lambda one: one != OUTSIDE):
        if node not in done:
            visit(node, ())
    return [pair for pair in pairs if pair not in back]


def _lay_out(pairs: Sequence[Pair]) -> tuple[list[list[Place]], dict[Pair, list[Place]]]:
    """Columns from the top down, and for each link the places from its left end to its right one."""
    depth = depths(pairs)
    columns: list[list[Place]] = [[] for _ in range(max(depth.values()) + 1)]
    boxes = {name: Place(column=at, name=name) for name, at in depth.items()}
    for place in boxes.values():
        columns[place.column].append(place)
    ways: dict[Pair, list[Place]] = {}
    for pair in (one for one in pairs if one[0] != one[1]):
        left, right = sorted((boxes[pair[0]], boxes[pair[1]]), key=lambda one: one.column)
        lanes = [Place(column=at) for at in range(left.column + 1, right.column)]
        for lane in lanes:
            columns[lane.column].append(lane)
        ways[pair] = [left, *lanes, right]
        for one, other in pairwise(ways[pair]):
            one.after.append(other)
            other.before.append(one)
    for place in boxes.values():
        place.height = max(30.0, STEP * max(len(place.before), len(place.after)) + 8)
    _arrange(columns)
    return columns, ways


def _arrange(columns: list[list[Place]]) -> None:
    """Put every place near the middle of its neighbours, column by column, forth and back."""
    tallest = max(sum(one.height + EDGE for one in column) for column in columns)
    for number in range(ROUNDS):
        for column in columns if number % 2 == 0 else reversed(columns):
            if number:
                column.sort(key=_middle_before if number % 2 == 0 else _middle_after)
            top = (tallest - sum(one.height + EDGE for one in column)) / 2
            for place in column:
                place.y = top + place.height / 2 + EDGE / 2
                top += place.height + EDGE


def _middle_before(place: Place) -> float:
    return sum(one.y for one in place.before) / len(place.before) if place.before else place.y


def _middle_after(place: Place) -> float:
    return sum(one.y for one in place.after) / len(place.after) if place.after else place.y


# -- drawing --------------------------------------------------------------------------------------------------------
def _x(place: Place) -> float:
    return place.column * (BOX + GAP) + 1


def _lines(ways: Mapping[Pair, list[Place]], shown: Mapping[Pair, str]) -> list[Markup]:
    leaving, coming = _ends(ways, 0, 1), _ends(ways, -1, -2)
    parts = []
    for (client, server), places in ways.items():
        word = shown[client, server]
        start = (_x(places[0]) + BOX, leaving[client, server])
        end = (_x(places[-1]), coming[client, server])
        steps = [f"M{start[0]:.1f} {start[1]:.1f}"]
        at = start
        for lane in places[1:-1]:
            steps.append(_curve(at, (_x(lane), lane.y)) + f"H{_x(lane) + BOX:.1f}")
            at = (_x(lane) + BOX, lane.y)
        steps.append(_curve(at, end))
        backwards = places[0].name == server
        tip, back = (start, 7.0) if backwards else (end, -7.0)
        parts.append(
            Markup(
                '<g class="way w-{}"><path d="{}"/><polygon points="{:.1f},{:.1f} {:.1f},{:.1f} {:.1f},{:.1f}"/></g>'
            ).format(word, "".join(steps), *tip, tip[0] + back, tip[1] - 4, tip[0] + back, tip[1] + 4)
        )
    return parts


def _ends(ways: Mapping[Pair, list[Place]], end: int, beside: int) -> dict[Pair, float]:
    """Where each link touches its box: in the order of where it goes to, so that none crosses another there."""
    sides: dict[str, list[Pair]] = {}
    for pair, places in ways.items():
        sides.setdefault(places[end].name, []).append(pair)
    found = {}
    for pairs in sides.values():
        pairs.sort(key=lambda pair: ways[pair][beside].y)
        for number, pair in enumerate(pairs):
            found[pair] = ways[pair][end].y + (number - (len(pairs) - 1) / 2) * STEP
    return found


def _curve(start: tuple[float, float], end: tuple[float, float]) -> str:
    middle = (start[0] + end[0]) / 2
    return f"C{middle:.1f} {start[1]:.1f} {middle:.1f} {end[1]:.1f} {end[0]:.1f} {end[1]:.1f}"


def _box(place: Place, own: str | None) -> Markup:
    """A component; a ring in its corner tells that its processes talk to each other, and how."""
    left, top = _x(place), place.y - place.height / 2
    ring = Markup('<circle cx="{:.1f}" cy="{:.1f}" r="4.5" class="own w-{}"/>').format(left + BOX - 10, top + 10, own)
    return Markup(
        '<rect x="{:.1f}" y="{:.1f}" width="{:.0f}" height="{:.1f}" rx="6" class="box"/>'
        '<text x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>{}'
    ).format(left, top, BOX, place.height, left + BOX / 2, place.y + 4.5, place.name, ring if own else "")


def _legend(y: float) -> Markup:
    parts = []
    for number, word in enumerate(reversed(PROTECTION)):
        x = 2 + number * 110.0
        parts.append(
            Markup(
                '<g class="way w-{}"><path d="M{:.0f} {:.1f}h34"/></g><text x="{:.0f}" y="{:.1f}" class="key">{}</text>'
            ).format(word, x, y - 4, x + 42, y, WORDS[word])
        )
    return Markup("").join(parts)
