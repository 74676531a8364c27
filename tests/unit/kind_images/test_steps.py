"""Entries made from entries: needs first, each once, nothing behind what is found, and a failure keeps what is done."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.embedded.progress import Display, Progress
from fixtures.embedded.store import Store
from fixtures.errors import SetupFailed
from fixtures.kind.images import steps
from fixtures.kind.images.steps import Step

Build = Callable[[Path, Progress], None]


class Workshop:
    """Makes steps that write one file and remember the order."""

    def __init__(self, root: Path) -> None:
        self.store, self.made = Store(root), list[str]()
        self.stream = io.StringIO()
        self.display = Display(self.stream)

    def step(self, name: str, *needs: Step, version: str = "1", fails: bool = False) -> Step:
        def build(target: Path, _: Progress) -> None:
            for need in needs:
                assert (self.store.root / need.entry / "seal.json").exists(), f"{name} before {need.name}"
            self.made.append(name)
            if fails:
                raise SetupFailed(f"{name} fell over")
            (target / "file").write_text(name)

        return steps.step(name, build, inputs={"version": version}, sealed=("file",), needs=needs, needs_bytes=1)

    def build(self, *wanted: Step) -> dict[str, Path]:
        self.made.clear()
        return steps.build(wanted, self.store, self.display)


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def test_needs_come_first_and_what_two_need_is_made_once(shop: Workshop) -> None:
    base = shop.step("base")
    first, second = shop.step("first", base), shop.step("second", base)
    places = shop.build(first, second)
    assert sorted(places) == ["first", "second"]
    assert (places["first"] / "file").read_text() == "first"
    assert sorted(shop.made) == ["base", "first", "second"]
    assert "to make: base, first, second" in shop.stream.getvalue()


def test_a_second_run_makes_nothing(shop: Workshop) -> None:
    image = shop.step("image", shop.step("base"))
    places = shop.build(image)
    assert (shop.build(image), shop.made) == (places, [])


def test_a_changed_need_renames_all_that_is_made_of_it(shop: Workshop) -> None:
    def image(version: str) -> Step:
        return shop.step("image", shop.step("middle", shop.step("base", version=version)))

    assert image("1").entry == image("1").entry != image("2").entry


def test_what_is_found_is_not_looked_behind(shop: Workshop) -> None:
    base = shop.step("base")
    image = shop.step("image", base)
    shop.build(image)
    shop.store.remove(base.entry)
    assert shop.build(image)["image"].name == image.entry
    assert shop.made == []


def test_a_failure_keeps_what_is_done_and_the_next_run_goes_on(shop: Workshop) -> None:
    base = shop.step("base")
    with pytest.raises(SetupFailed, match="image fell over"):
        shop.build(shop.step("image", base, fails=True))
    assert [path.name for path in shop.store.entries()] == [base.entry]
    shop.build(shop.step("image", base))
    assert shop.made == ["image"]


def test_what_is_lacking_is_told_apart(shop: Workshop) -> None:
    here, gone = shop.step("here"), shop.step("gone")
    shop.build(here)
    there, absent = steps.lacking([here, gone], shop.store)
    assert (list(there), absent) == (["here"], [gone])


def test_a_closure_has_each_step_once_with_its_needs_before_it(shop: Workshop) -> None:
    base = shop.step("base")
    first = shop.step("first", base)
    assert [one.name for one in steps.closure([shop.step("second", first, base), first])] == ["base", "first", "second"]
