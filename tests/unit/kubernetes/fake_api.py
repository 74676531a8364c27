"""A Kubernetes API server of a few kinds in this process: documents in a dictionary, no controllers but the test's."""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fixtures.clients.kube_names import matches
from tests.unit.kubernetes.rbac import Asked, Grant, asked

Document = dict[str, Any]
KINDS: Mapping[tuple[str, str], tuple[tuple[str, str, bool], ...]] = {
    ("", "v1"): (
        ("Pod", "pods", True),
        ("Secret", "secrets", True),
        ("Event", "events", True),
        ("Service", "services", True),
        ("ConfigMap", "configmaps", True),
        ("Node", "nodes", False),
        ("Namespace", "namespaces", False),
    ),
    ("apps", "v1"): (
        ("Deployment", "deployments", True),
        ("StatefulSet", "statefulsets", True),
        ("ReplicaSet", "replicasets", True),
        ("DaemonSet", "daemonsets", True),
    ),
    ("batch", "v1"): (("Job", "jobs", True),),
    ("networking.k8s.io", "v1"): (("Ingress", "ingresses", True),),
    ("postgresql.cnpg.io", "v1"): (("Cluster", "clusters", True),),
    ("kafka.strimzi.io", "v1"): (("Kafka", "kafkas", True),),
    ("cert-manager.io", "v1"): (("Certificate", "certificates", True),),
    ("traefik.io", "v1alpha1"): (("IngressRoute", "ingressroutes", True),),
}
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_WEBSOCKET = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def _nothing(_: Document) -> None:
    """No controller runs."""


class FakeCluster:
    """What the server answers with, and what it was asked."""

    def __init__(self) -> None:
        self.documents: dict[tuple[str, str, str, str], Document] = {}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.refused: list[Asked] = []
        self.grants: Sequence[Grant] | None = None
        self.token = ""
        self.log = ""
        self.summaries: dict[str, Document] = {}
        self.executed: tuple[bytes, bytes, Document] = (b"", b"", {"status": "Success"})
        self.page = 500
        self.refusals: list[tuple[int, str]] = []  # answers to the next changes, before any is taken
        self.after_change: Callable[[Document], None] = _nothing
        self.lock = threading.RLock()

    def put(self, *documents: Document) -> None:
        """Have documents, as if they had always been there."""
        for document in documents:
            document["metadata"].setdefault("generation", 1)
            self.documents[self._key(document)] = document

    def remove(self, document: Document) -> None:
        """Have it no longer."""
        self.documents.pop(self._key(document), None)

    def asked(self) -> list[Asked]:
        """All requests so far, as authorization sees them."""
        return [one for method, path, _ in self.requests if (one := asked(method, path)) is not None]

    def _key(self, document: Mapping[str, Any]) -> tuple[str, str, str, str]:
        group, _, version = str(document["apiVersion"]).rpartition("/")
        plural = next(plural for kind, plural, _ in KINDS[group, version] if kind == document["kind"])
        metadata = document["metadata"]
        return group, plural, metadata.get("namespace", ""), metadata["name"]

    # -- answers ----------------------------------------------------------------------------------------------
    def answer(self, method: str, path: str, query: Mapping[str, str], body: Document) -> tuple[int, Document | bytes]:
        """Status and body for one request."""
        if path == "/version":
            return 200, {"gitVersion": "v1.34.4"}
        if path == REVIEWS:
            return 201, self._review(body)
        wanted = asked(method, path)
        if wanted is None:
            return self._discovery(path)
        if self.grants is not None and not any(grant.allows(wanted) for grant in self.grants):
            self.refused.append(wanted)
            return _forbidden(wanted)
        with self.lock:
            return self._serve(method, wanted, query, body)

    def _serve(
        self, method: str, wanted: Asked, query: Mapping[str, str], body: Document
    ) -> tuple[int, Document | bytes]:
        plain, _, subresource = wanted.resource.partition("/")
        if subresource == "log":
            return 200, self.log.encode()
        if subresource == "proxy":
            return 200, self.summaries[wanted.name]
        if wanted.verb == "list":
            return 200, self._list(wanted, query)
        if method != "GET" and self.refusals:
            return _status(*self.refusals.pop(0))
        key = (wanted.group, plain, wanted.namespace, wanted.name or body["metadata"]["name"])
        found = self.documents.get(key)
        if method == "POST":
            return self._made(key, body) if found is None else _status(409, f'{plain} "{key[3]}" already exists')
        if found is None and method != "PATCH":
            return _status(404, f'{plain} "{key[3]}" not found')
        if method == "PATCH":
            return self._patched(key, found, query, body)
        if method == "DELETE":
            self.after_change({**self.documents.pop(key), "deleted": True})
        return 200, found or {}

    def _made(self, key: tuple[str, str, str, str], body: Document) -> tuple[int, Document]:
        body["metadata"].setdefault("generation", 1)
        self.documents[key] = body
        self.after_change(body)
        return 201, body

    def _patched(
        self, key: tuple[str, str, str, str], found: Document | None, query: Mapping[str, str], body: Document
    ) -> tuple[int, Document | bytes]:
        if found is None:
            if "force" not in query:
                return _status(404, f'{key[1]} "{key[3]}" not found')
            return self._made(key, body) if not query.get("dryRun") else (201, body)
        before = json.dumps(found.get("spec"))
        merged = _merged(json.loads(json.dumps(found)), body)
        if query.get("dryRun"):
            return 200, merged
        if json.dumps(merged.get("spec")) != before:
            merged["metadata"]["generation"] = merged["metadata"].get("generation", 1) + 1
        self.documents[key] = merged
        self.after_change(merged)
        return 200, merged

    def _list(self, wanted: Asked, query: Mapping[str, str]) -> Document:
        fields = [term for term in query.get("fieldSelector", "").split(",") if term]
        found = [
            {key: value for key, value in document.items() if key not in ("apiVersion", "kind")}
            for (group, plural, namespace, _), document in sorted(self.documents.items())
            if (group, plural) == (wanted.group, wanted.resource)
            and wanted.namespace in ("", namespace)
            and matches(query.get("labelSelector", ""), document["metadata"].get("labels") or {})
            and all(_has_field(document, term) for term in fields)
        ]
        first = int(query.get("continue") or 0)
        page = found[first : first + self.page]
        more = str(first + self.page) if first + self.page < len(found) else ""
        return {"kind": "List", "metadata": {"continue": more}, "items": page}

    def _review(self, body: Document) -> Document:
        spec = body["spec"]["resourceAttributes"]
        resource = spec["resource"] + (f"/{spec['subresource']}" if spec["subresource"] else "")
        wanted = Asked(
            verb=spec["verb"], group=spec["group"], resource=resource, namespace=spec["namespace"], name=spec["name"]
        )
        allowed = self.grants is None or any(grant.allows(wanted) for grant in self.grants)
        return {**body, "status": {"allowed": allowed}}

    def _discovery(self, path: str) -> tuple[int, Document | bytes]:
        if path == "/apis":
            groups = [
                {
                    "name": group,
                    "versions": [{"groupVersion": f"{group}/{version}", "version": version}],
                    "preferredVersion": {"groupVersion": f"{group}/{version}", "version": version},
                }
                for group, version in KINDS
                if group
            ]
            return 200, {"kind": "APIGroupList", "groups": groups}
        group, _, version = path.removeprefix("/apis/").removeprefix("/api/").rpartition("/")
        if (group, version) not in KINDS:
            return _status(404, "the server could not find the requested resource")
        resources = [
            {"name": plural, "kind": kind, "namespaced": namespaced, "verbs": [], "singularName": ""}
            for kind, plural, namespaced in KINDS[group, version]
        ]
        return 200, {"kind": "APIResourceList", "resources": resources}


def _has_field(document: Document, term: str) -> bool:
    name, wanted, unequal = *term.replace("!=", "=").split("="), "!=" in term
    value: Any = document
    for part in name.split("."):
        value = (value or {}).get(part)
    return (str(value or "") == wanted) is not unequal


def _merged(found: Document, change: Mapping[str, Any]) -> Document:
    for key, value in change.items():
        if value is None:
            found.pop(key, None)
        elif isinstance(value, dict) and isinstance(found.get(key), dict):
            _merged(found[key], value)
        else:
            found[key] = _merged({}, value) if isinstance(value, dict) else value
    return found


def _status(code: int, message: str) -> tuple[int, Document]:
    return code, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code}


def _forbidden(wanted: Asked) -> tuple[int, Document]:
    place = f' in the namespace "{wanted.namespace}"' if wanted.namespace else " at the cluster scope"
    return _status(
        403,
        f'{wanted.resource} is forbidden: User "suite" cannot {wanted.verb} resource "{wanted.resource}" '
        f'in API group "{wanted.group}"{place}',
    )


class _Handler(BaseHTTPRequestHandler):
    cluster: FakeCluster
    protocol_version = "HTTP/1.1"
    wbufsize, disable_nagle_algorithm = -1, True  # one answer, one packet

    def _any(self) -> None:
        parts = urlsplit(self.path)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.cluster.requests.append((self.command, parts.path, query))
        if self.cluster.token and self.headers.get("Authorization") != f"Bearer {self.cluster.token}":
            self._send(*_status(401, "Unauthorized"))
        elif self.headers.get("Upgrade") == "websocket":
            self._execute(parts.path)
        else:
            self._send(*self.cluster.answer(self.command, parts.path, query, json.loads(body) if body else {}))

    do_GET = do_POST = do_PATCH = do_DELETE = _any  # noqa: N815 - the names that http.server wants

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _send(self, status: int, body: Document | bytes) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _execute(self, path: str) -> None:
        """The server's side of ``kubectl exec``: a handshake, one frame a channel, the end."""
        wanted = asked("GET", path)
        assert wanted is not None
        if self.cluster.grants is not None and not any(grant.allows(wanted) for grant in self.cluster.grants):
            self._send(*_forbidden(wanted))
            return
        accept = base64.b64encode(hashlib.sha1(self.headers["Sec-WebSocket-Key"].encode() + _WEBSOCKET).digest())
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", accept.decode())
        self.send_header("Sec-WebSocket-Protocol", "v4.channel.k8s.io")
        self.end_headers()
        stdout, stderr, status = self.cluster.executed
        for channel, data in ((1, stdout), (2, stderr), (3, json.dumps(status).encode())):
            if data:
                self.wfile.write(_frame(2, bytes([channel]) + data))
        self.wfile.write(_frame(8, b"\x03\xe8"))
        self.close_connection = True


def _frame(opcode: int, payload: bytes) -> bytes:
    size = bytes([len(payload)]) if len(payload) < 126 else b"\x7e" + len(payload).to_bytes(2, "big")
    return bytes([0x80 | opcode]) + size + payload


@contextmanager
def served(cluster: FakeCluster, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve the cluster on a loopback port; the base URL, with ``localhost`` as its host."""
    handler = type("Handler", (_Handler,), {"cluster": cluster})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://localhost:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
