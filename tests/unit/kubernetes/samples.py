"""Resources as the API returns them, for tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Document = dict[str, Any]
NAMESPACE = "sentry-system"


def owner(document: Document) -> list[Document]:
    """The reference that a controller's children carry."""
    return [
        {
            "apiVersion": document["apiVersion"],
            "kind": document["kind"],
            "name": document["metadata"]["name"],
            "controller": True,
        }
    ]


def pod(name: str, labels: dict[str, str] | None = None, *, image: str = "x/y:1", **metadata: object) -> Document:
    """A running, ready pod with one container that is named as the pod."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": NAMESPACE, "uid": f"uid-{name}", "labels": labels or {}, **metadata},
        "spec": {"nodeName": "node-1", "containers": [{"name": name, "image": image}]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [
                {"name": name, "containerID": f"containerd://id-{name}", "restartCount": 0, "state": {"running": {}}}
            ],
        },
    }


def deployment(name: str, labels: dict[str, str], *, replicas: int = 1, kind: str = "Deployment") -> Document:
    """A Deployment or StatefulSet whose pods have these labels, all of them ready."""
    counted = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas", "readyReplicas"), replicas)
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE, "generation": 1},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": name, "image": "x/y:1"}]}},
        },
        "status": {"observedGeneration": 1, **counted},
    }


def secret(name: str, **data: str) -> Document:
    """A secret; the values are base64 already."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "data": {key.replace("_", "."): value for key, value in data.items()},
    }


def write_kubeconfig(path: Path, server: str, *, user: dict[str, Any] | None = None, **cluster: object) -> Path:
    """A kubeconfig with one context, ``here``. (JSON is YAML.)"""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "clusters": [{"name": "c", "cluster": {"server": server, **cluster}}],
        "users": [{"name": "u", "user": user or {}}],
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u", "namespace": "sentry-system"}}],
    }
    path.write_text(json.dumps(content))
    return path
