"""Whose sockets they are: from what a look at a node prints to listening sockets and connections of components."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from fixtures.errors import SetupFailed
from fixtures.kubernetes import look_program, sockets
from fixtures.kubernetes.sockets import Census, Owner, Row, connected, listening, services_of
from fixtures.wire import Connection, Socket

WEB, STORE, OTHER = "uid-web", "uid-store", "uid-other"
CENSUS = Census(
    pods={
        WEB: Owner(name="web-0", component="sentry-web", address="10.0.0.1", ours=True),
        STORE: Owner(name="valkey-0", component="valkey", address="10.0.0.2", ours=True),
        OTHER: Owner(name="stray-0", component="stray-0", address="10.0.0.3", ours=False),
    },
    services={("10.96.0.5", 6379): ("10.0.0.2", 6379)},
)


def connect(pod: str, address: str, port: int) -> Row:
    return Row(pod=pod, process="python", state="connect", address=address, port=port)


def test_listening_sockets_are_those_of_the_platform() -> None:
    rows = [
        Row(pod=STORE, process="valkey", state="listen", address="::", port=6379),
        Row(pod=OTHER, process="nc", state="listen", address="::", port=1),
        Row(pod="gone", process="nc", state="listen", address="::", port=2),
        connect(WEB, "10.0.0.2", 6379),
    ]
    store = Socket(component="valkey", server="valkey-0", process="valkey", address="::", port=6379)
    assert listening(rows, CENSUS) == (store,)


@pytest.mark.parametrize(
    ("row", "ends"),
    [
        (connect(WEB, "10.96.0.5", 6379), ("sentry-web", "valkey")),
        (connect(WEB, "10.0.0.2", 6379), ("sentry-web", "valkey")),
        (connect(WEB, "127.0.0.1", 6379), ("sentry-web", "sentry-web")),
        (connect(OTHER, "10.0.0.2", 6379), ("stray-0", "valkey")),
    ],
)
def test_a_connection_has_two_ends(row: Row, ends: tuple[str, str]) -> None:
    found = Connection(client=ends[0], server=ends[1], port=6379, process="python")
    assert connected([row, row], CENSUS) == (found,)


@pytest.mark.parametrize(
    "row", [connect(WEB, "192.0.2.1", 443), connect(OTHER, "127.0.0.1", 1), connect("gone", "::1", 1)]
)
def test_what_is_no_link_of_the_platform_is_left_out(row: Row) -> None:
    assert connected([row], CENSUS) == ()


def test_a_services_address_leads_to_a_pods_port() -> None:
    pod = {
        "metadata": {"namespace": "ns", "name": "web-0", "labels": {"app": "web"}},
        "spec": {"containers": [{"ports": [{"name": "http", "containerPort": 9000}]}]},
        "status": {"podIP": "10.0.0.1"},
    }
    ports = [{"port": 80, "targetPort": "http"}, {"port": 81, "targetPort": 9001}, {"port": 82, "targetPort": "none"}]
    service = {
        "metadata": {"namespace": "ns"},
        "spec": {"selector": {"app": "web"}, "clusterIPs": ["10.96.0.1"], "ports": ports},
    }
    empty = {"metadata": {"namespace": "other"}, "spec": service["spec"]}
    assert services_of([service, empty], [pod]) == {
        ("10.96.0.1", 80): ("10.0.0.1", 9000),
        ("10.96.0.1", 81): ("10.0.0.1", 9001),
    }


def test_what_is_printed_is_read() -> None:
    (row,) = sockets.read('a warning\n[["uid", "java", "listen", "::", 9093]]\n')
    assert row == Row(pod="uid", process="java", state="listen", address="::", port=9093)


@pytest.mark.parametrize("text", ["", "Traceback", '[["uid"]]'])
def test_what_is_no_table_is_told(text: str) -> None:
    with pytest.raises(SetupFailed, match="printed no table"):
        sockets.read(text)


def test_a_looking_pod_sees_processes_and_nothing_else() -> None:
    spec = sockets.pod_of("node", "image", 3)["spec"]
    (body,) = spec["containers"]
    assert (spec["hostPID"], spec["automountServiceAccountToken"]) == (True, False)
    assert not {"hostNetwork", "hostIPC", "volumes"} & set(spec)
    assert body["securityContext"]["capabilities"] == {"drop": ["ALL"], "add": ["SYS_PTRACE", "DAC_READ_SEARCH"]}
    assert "privileged" not in body["securityContext"]
    assert body["command"][-1] == "3"


@pytest.mark.parametrize(
    ("field", "place"),
    [
        ("0100007F:1F90", ("127.0.0.1", 8080)),
        ("00000000000000000000000000000000:0050", ("::", 80)),
        ("0000000000000000FFFF00000100007F:0050", ("127.0.0.1", 80)),
    ],
)
def test_addresses_of_the_kernel_are_read(field: str, place: tuple[str, int]) -> None:
    if sys.byteorder != "little":
        pytest.skip("written for the byte order of this machine's kind")
    assert look_program.place(field) == place


def test_the_program_sees_sockets_of_a_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        own = Path("/proc") / str(os.getpid())
        found = look_program.table(own)
        inodes = {str(os.fstat(one.fileno()).st_ino): one for one in (server, client)}
        assert inodes.keys() <= look_program.held(own)
        rows = {found[inode] for inode in inodes}
        port = server.getsockname()[1]
        assert rows == {("listen", "127.0.0.1", port), ("connect", "127.0.0.1", port)}
