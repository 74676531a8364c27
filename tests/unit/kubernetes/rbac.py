"""What a request asks for, as Kubernetes' authorization sees it, and whether the roles of the manifests allow it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ACCESS = Path(__file__).parents[3] / "manifests" / "access"
_PATH = re.compile(
    r"/(?:api/(?P<core>v1)|apis/(?P<group>[^/]+)/(?P<version>[^/]+))"
    r"(?:/namespaces/(?P<namespace>[^/]+)(?=/[^/]))?/(?P<resource>[^/]+)(?:/(?P<name>[^/]+))?(?:/(?P<subresource>[^/]+))?(?:/.*)?\Z"
)
_VERBS = {"POST": "create", "PATCH": "patch", "PUT": "update", "DELETE": "delete"}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request's attributes; a path that is no resource (``/version``) has none."""

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        place = f" in {self.namespace}" if self.namespace else ""
        return f"{self.verb} {self.resource}{'.' + self.group if self.group else ''} {self.name}{place}"


def asked(method: str, path: str) -> Asked | None:
    """The attributes of a request by its method and path (without the query)."""
    found = _PATH.match(path)
    if found is None:
        return None
    resource = found["resource"] + (f"/{found['subresource']}" if found["subresource"] else "")
    verb = _VERBS.get(method) or ("get" if found["name"] else "list")
    namespace, name = found["namespace"] or "", found["name"] or ""
    return Asked(verb=verb, group=found["group"] or "", resource=resource, namespace=namespace, name=name)


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A rule where it is bound; no namespace: everywhere."""

    namespace: str
    rule: Mapping[str, Any]

    def allows(self, wanted: Asked) -> bool:
        """RBAC's own arithmetic."""
        names = self.rule.get("resourceNames")
        return (
            self.namespace in ("", wanted.namespace)
            and wanted.group in self.rule["apiGroups"]
            and wanted.resource in self.rule["resources"]
            and wanted.verb in self.rule["verbs"]
            and (not names or wanted.name in names)
        )


def documents(*parts: str) -> list[dict[str, Any]]:
    """The documents of these folders of ``manifests/access``, as their kustomizations list them."""
    found: list[dict[str, Any]] = []
    for part in parts:
        kustomization = yaml.safe_load((ACCESS / part / "kustomization.yaml").read_text())
        for name in kustomization["resources"]:
            found += [one for one in yaml.safe_load_all((ACCESS / part / name).read_text()) if one]
    return found


def grants(found: Iterable[Mapping[str, Any]]) -> list[Grant]:
    """Every rule of every role, where a binding puts it."""
    listed = list(found)
    roles = {
        (one["kind"], one["metadata"]["name"]): one["rules"] for one in listed if one["kind"] in ("Role", "ClusterRole")
    }
    bindings = [one for one in listed if one["kind"] in ("RoleBinding", "ClusterRoleBinding")]
    return [
        Grant(namespace=one["metadata"].get("namespace", ""), rule=rule)
        for one in bindings
        for rule in roles[one["roleRef"]["kind"], one["roleRef"]["name"]]
    ]
