"""Gaps belong to one step, nothing that nobody shows counts as taken up, and upstream's word is held against it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.renewal import Adoption
from fixtures.tls.rotation import COLUMNS, UPSTREAM, Step, broken_off, contradictions, longest_gap, row, unserved


def step(
    *,
    served: Mapping[str, float | None] | None = None,
    unaided: bool = False,
    told: Adoption = Adoption.RELOAD,
    restarted: tuple[str, ...] = (),
    recovered: float | None = 1.0,
    trouble: str = "",
) -> Step:
    return Step(
        name="some-tls",
        component="some",
        began=100.0,
        ended=110.0,
        served={"port": 2.0} if served is None else served,
        unaided=unaided,
        told=told,
        restarted=restarted,
        recovered=recovered,
        trouble=trouble,
    )


@pytest.mark.parametrize(
    ("moments", "gap"),
    [
        ([], None),
        ([105.0], None),
        ([99.0, 104.0, 105.0], 5.0),
        ([105.0, 99.0, 104.0], 5.0),
        ([100.0, 101.0, 109.0, 130.0], 8.0),  # the last gap is mostly after this step
        ([70.0, 101.0, 102.0], 1.0),  # the first one was mostly before it
        ([0.0, 1.0], None),
    ],
)
def test_the_longest_gap_is_that_of_the_step(moments: list[float], gap: float | None) -> None:
    assert longest_gap(moments, 100.0, 110.0) == gap


@given(st.lists(st.floats(0, 100), min_size=2), st.lists(st.floats(1, 99), max_size=5))
def test_each_gap_belongs_to_a_step(moments: list[float], cuts: list[float]) -> None:
    edges = [0.0, *sorted(cuts), 100.0]
    each = [longest_gap(moments, began, ended) for began, ended in itertools.pairwise(edges)]
    assert max(gap for gap in each if gap is not None) == longest_gap(moments, 0.0, 100.0)


@pytest.mark.parametrize(
    ("seen", "adoption"),
    [
        (step(unaided=True, told=Adoption.RELOAD), Adoption.UNAIDED),
        (step(), Adoption.RELOAD),
        (step(restarted=("one",)), Adoption.RESTART),
        (step(served={"port": None}, restarted=("one",)), Adoption.NONE),
        (step(served={"port": 1.0, "other": None}), Adoption.NONE),
        (step(trouble="it said no"), Adoption.NONE),
        (step(served={}, told=Adoption.RESTART, restarted=("one",)), Adoption.RESTART),
        (step(served={}, unaided=False, told=Adoption.UNAIDED), Adoption.UNAIDED),
    ],
)
def test_how_it_was_taken_up_is_what_was_seen(seen: Step, adoption: Adoption) -> None:
    assert seen.adoption is adoption


def test_a_new_serial_in_time_is_no_finding() -> None:
    assert not list(unserved(step(), "port", within=3.0))


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (step(served={"port": 4.0}), "after 4.0 s, more than 3 s"),
        (step(served={"port": None}), "still shows the serial from before, 10 s after"),
        (step(served={"port": None}, trouble="it said no"), "it said no"),
        (step(served={}), "still shows"),
    ],
)
def test_a_listener_that_does_not_serve_it_is_named(seen: Step, words: str) -> None:
    (found,) = unserved(seen, "port", within=3.0)
    assert found.resource == "port (some-tls)"
    assert words in found.sentence


def test_who_goes_on_is_no_finding() -> None:
    assert not list(broken_off(step()))


@pytest.mark.parametrize(
    ("seen", "words"), [(step(recovered=None), "no event"), (step(trouble="it said no"), "it said no")]
)
def test_who_does_not_go_on_is_named(seen: Step, words: str) -> None:
    (found,) = broken_off(seen)
    assert words in found.sentence


@pytest.mark.parametrize("component", UPSTREAM)
def test_what_upstream_says_is_no_contradiction(component: str) -> None:
    for adoption in UPSTREAM[component].allowed:
        seen = step(
            unaided=adoption is Adoption.UNAIDED,
            told=adoption,
            restarted=("one",) if adoption is Adoption.RESTART else (),
        )
        assert not list(contradictions(component, [seen]))


@pytest.mark.parametrize("component", UPSTREAM)
def test_what_nobody_shows_contradicts_every_upstream(component: str) -> None:
    (found,) = contradictions(component, [step(served={"port": None})])
    assert "not at all" in found.sentence
    assert UPSTREAM[component].fact in found.sentence


def test_a_restart_where_a_reload_was_promised_is_a_finding() -> None:
    (found,) = contradictions("postgres", [step(restarted=("postgres",))])
    assert "restart; upstream: reload" in found.sentence


def test_a_row_has_a_cell_for_every_column() -> None:
    cells = row(step(), [104.0, 105.5], [])
    assert dict(zip(COLUMNS, cells, strict=True)) == {
        "certificate": "some-tls",
        "component": "some",
        "new serial served after (s)": 2.0,
        "taken up": "reload",
        "started anew": "-",
        "event stored after (s)": 1.0,
        "longest gap of answers (ms)": 1500,
        "longest gap of arrivals (ms)": None,
        "trouble": "-",
    }


@pytest.mark.parametrize(("served", "cell"), [({"port": None}, "not at all"), ({}, "-"), ({"a": 1.0, "b": 2.5}, 2.5)])
def test_the_slowest_listener_counts(served: Mapping[str, float | None], cell: object) -> None:
    assert row(step(served=served), [], [])[2] == cell
