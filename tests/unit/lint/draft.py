"""A rendered overlay, as it stands in the project, and as a draft that may be changed: what a seeded fault works on."""

from __future__ import annotations

import copy
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fixtures.lint import loading
from fixtures.lint.lists import Lists
from fixtures.lint.model import Rendered, at

Body = dict[str, Any]
MANIFESTS = Path(__file__).parents[3] / "manifests"


@functools.cache
def sound(overlay: str) -> Rendered:
    """The overlay of this project, rendered once."""
    return loading.load(MANIFESTS, overlay)


@dataclass(kw_only=True)
class Draft:
    """Documents by layer, the chart's values and the lists, all of them plain and mutable."""

    overlay: str
    layers: dict[str, list[Body]]
    values: Body
    lists: Body

    @classmethod
    def of(cls, rendered: Rendered) -> Draft:
        """A copy of everything."""
        layers = {name: [copy.deepcopy(dict(one)) for one in some] for name, some in rendered.layers.items()}
        return cls(
            overlay=rendered.overlay,
            layers=layers,
            values=copy.deepcopy(dict(rendered.values)),
            lists=rendered.lists.model_dump(),
        )

    def rendered(self) -> Rendered:
        """What rules are given."""
        return Rendered(
            overlay=self.overlay,
            layers={name: tuple(some) for name, some in self.layers.items()},
            lists=Lists.model_validate(self.lists),
            values=self.values,
        )

    def one(self, kind: str, name: str = "") -> Body:
        """The document of that kind whose name begins so; it must be there."""
        found = [
            one
            for some in self.layers.values()
            for one in some
            if one["kind"] == kind and one["metadata"]["name"].startswith(name)
        ]
        assert found, f"there is no {kind} {name}"
        return found[0]

    def spec(self, kind: str, name: str = "") -> Body:
        """Its specification."""
        found = self.one(kind, name)["spec"]
        assert isinstance(found, dict)
        return found

    def drop(self, kind: str, name: str) -> None:
        """Take the document away."""
        gone = self.one(kind, name)
        for some in self.layers.values():
            some[:] = [one for one in some if one is not gone]

    def add(self, layer: str, document: Body) -> None:
        """Add a document to a layer."""
        self.layers[layer].append(document)

    def container(self, kind: str, name: str) -> Body:
        """The first container of a workload."""
        found = at(self.spec(kind, name), "template.spec.containers.0")
        assert isinstance(found, dict)
        return found

    def volume(self, kind: str, name: str, volume: str) -> Body:
        """A volume of a workload by its name."""
        volumes = at(self.spec(kind, name), "template.spec.volumes")
        return next(one for one in volumes if one["name"] == volume)

    def value(self, path: str) -> Any:  # noqa: ANN401  (values are anything)
        """A part of the chart's values, to be changed in place; an alias of the file is taken apart first."""
        here: Any = self.values
        for part in path.split("."):
            here[part] = copy.deepcopy(here[part])
            here = here[part]
        return here


def put(body: Body, path: str, value: object) -> None:
    """Set a value at a dotted path; numbers in it index lists."""
    head, _, field = path.rpartition(".")
    target: Any = at(body, head) if head else body
    assert target is not None, path
    target[int(field) if field.isdigit() else field] = value
