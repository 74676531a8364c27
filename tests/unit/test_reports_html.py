"""The page: self-contained, escaped, failures first, every section there, and small."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from reports import html, svg, templates
from reports.models import Hop, Timeline, Verdict
from tests.unit.report_sample import check, report

VOID = {"meta", "br", "line", "rect", "img", "link", "hr", "input", "path"}


class Balance(HTMLParser):
    """Notes open elements, ids and addresses, and fails on a wrong end tag."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def read(page: str) -> Balance:
    parser = Balance()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


def test_the_page_needs_nothing_from_outside() -> None:
    page = html.render(report(check("a", Verdict.PASS)))
    found = read(page)
    assert [address for address in found.addresses if re.match(r"[a-z]+:|//", address)] == []
    assert "<script" not in page
    assert "@import" not in page


def test_ids_are_unique_and_links_inside_the_page_lead_somewhere() -> None:
    found = read(html.render(report(check("a", Verdict.FAIL, reason="seen"))))
    assert len(found.ids) == len(set(found.ids))
    assert {address[1:] for address in found.addresses if address.startswith("#")} <= set(found.ids)
    assert {f"s-{name}" for name, _, _ in html.SECTIONS} <= set(found.ids)


def test_what_a_run_says_is_escaped() -> None:
    page = html.render(report(check("a", Verdict.FAIL, reason="<script>alert(1)</script>")))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_failures_come_before_what_passed() -> None:
    page = html.render(report(check("good", Verdict.PASS), check("bad", Verdict.FAIL, reason="seen")))
    assert page.index("Purpose of bad.") < page.index("Purpose of good.")


def test_colour_of_success_needs_an_exit_code_of_zero() -> None:
    assert html.tone(report(check("a", Verdict.PASS))) == "good"
    assert html.tone(report(check("a", Verdict.PASS), exit_code=7)) == "open"
    assert html.tone(report(check("a", Verdict.NOT_RUN), exit_code=None, finished=False)) == "open"
    assert html.tone(report(check("a", Verdict.FAIL), exit_code=1)) == "bad"


def test_a_large_run_stays_a_small_page() -> None:
    many = [check(f"n{number}", Verdict.FAIL, reason="seen " * 100) for number in range(1200)]
    page = html.render(report(*many, exit_code=1))
    assert len(page.encode()) < 2_000_000
    assert "1000 more left out here" in page


def test_numbers_are_written_as_a_person_reads_them() -> None:
    written = [templates.number(value) for value in (0.123456, 12345.6, 12345, True, None, "up")]
    assert written == ["0.1235", "12,346", "12,345", "True", "\N{EN DASH}", "up"]


def test_a_timeline_draws_each_hop_in_order_of_time() -> None:
    drawing = svg.timeline(
        Timeline(check="c", event_id="e", hops=[Hop(name="<row>", seconds=2), Hop(name="relay", seconds=1)])
    )
    assert drawing.index(">relay<") < drawing.index("&lt;row&gt;</text>")
    widths = [float(width) for width in re.findall(r'<rect[^>]*width="([\d.]+)"', drawing)]
    assert len(widths) == 2
    assert abs(widths[0] - widths[1]) < 0.2
