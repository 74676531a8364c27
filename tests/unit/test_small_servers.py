"""PostgreSQL, Valkey and Relay's sidecar, run for real: who gets in, who does not, and with which words."""

from __future__ import annotations

import dataclasses
import os
import re
import socket
import ssl
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fixtures.embedded.server import Site
from fixtures.embedded.servers import postgres, relay_sidecar, valkey
from fixtures.embedded.tools import Tools
from fixtures.errors import SetupFailed
from fixtures.stack import Identity, Provenance
from tests.unit.small_stack import new_database, running, temporary_site, tls_client

SSL_REQUEST = bytes.fromhex("0000000804d2162f")  # PostgreSQL's protocol: asks to go on in TLS


@pytest.fixture(scope="module")
def site(small_tools: Tools) -> Iterator[Site]:
    with temporary_site(small_tools) as made:
        yield dataclasses.replace(
            made, tools=dataclasses.replace(small_tools, sentry_database=new_database(small_tools, made.root))
        )


@pytest.fixture(scope="module")
def database(site: Site) -> Iterator[Site]:
    with running(site, postgres.server(site)):
        yield site


@pytest.fixture(scope="module")
def store(site: Site) -> Iterator[Site]:
    with running(site, valkey.server(site)), running(site, relay_sidecar.server(site)):
        yield site


def _psql(site: Site, **changed: str) -> subprocess.CompletedProcess[str]:
    """Ask as the suite, with some of libpq's settings changed."""
    environment = postgres.client_environment(site, role="suite", database="sentry") | changed
    command = [str(site.tools.postgres_bin / "psql"), "-XAtc", "SELECT current_user, version FROM pg_stat_ssl"]
    return subprocess.run([*command], env=environment, capture_output=True, text=True, check=False, timeout=20)


def test_a_role_is_its_certificate(database: Site) -> None:
    answer = postgres.psql(database, "SELECT current_user, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    assert answer.stdout.split() == ["postgres|t"]
    answer = _psql(database)
    assert (answer.returncode, answer.stdout.splitlines()[-1]) == (0, "suite|TLSv1.3"), answer.stderr


def test_sentry_owns_its_database_and_the_suite_only_reads(database: Site) -> None:
    sql = "CREATE TABLE seen (id int); INSERT INTO seen VALUES (1)"
    assert postgres.psql(database, sql, role="sentry", database="sentry").returncode == 0
    read = postgres.psql(database, "SELECT count(*) FROM seen", role="suite", database="sentry")
    assert read.stdout.strip() == "1"
    write = postgres.psql(
        database,
        "SET default_transaction_read_only = off; INSERT INTO seen VALUES (2)",
        role="suite",
        database="sentry",
    )
    assert "permission denied for table seen" in write.stderr


NOBODY_HERE = {"PGSSLCERT": "/nonexistent", "PGSSLKEY": "/nonexistent"}
POSTGRES_REFUSALS: dict[str, tuple[Callable[[Site], dict[str, str]], str]] = {
    "no certificate": (lambda _: NOBODY_HERE, "connection requires a valid client certificate"),
    "plaintext": (lambda _: {"PGSSLMODE": "disable"}, r"pg_hba\.conf rejects connection .* no encryption"),
    "another's name": (lambda _: {"PGUSER": "sentry"}, 'certificate authentication failed for user "sentry"'),
    "a foreign authority": (lambda site: _libpq(site.identity("foreign-suite-tls"), site), "alert unknown ca"),
    "the client's wrong root": (
        lambda site: {"PGSSLROOTCERT": str(site.identity("foreign-suite-tls").ca)},
        "certificate verify failed",
    ),
}


def _libpq(identity: Identity, site: Site) -> dict[str, str]:
    trusted = str(site.identity("suite-client-tls").ca)
    return {"PGSSLCERT": str(identity.certificate), "PGSSLKEY": str(identity.key), "PGSSLROOTCERT": trusted}


@pytest.mark.parametrize("case", POSTGRES_REFUSALS)
def test_postgres_refuses(case: str, database: Site) -> None:
    changes, words = POSTGRES_REFUSALS[case]
    answer = _psql(database, **changes(database))
    assert answer.returncode != 0
    assert re.search(words, answer.stderr), answer.stderr


def test_postgres_refuses_tls_1_1(database: Site) -> None:
    identity = database.identity("suite-client-tls")
    context = tls_client(identity.ca, identity, newest=ssl.TLSVersion.TLSv1_1)
    with socket.create_connection(("localhost", database.ports["postgres"]), timeout=5) as link:
        link.sendall(SSL_REQUEST)
        assert link.recv(1) == b"S"
        with pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):
            context.wrap_socket(link, server_hostname="localhost")


def test_postgres_runs_unprivileged_on_a_copy_with_no_socket(database: Site) -> None:
    folder = database.folder("postgres")
    owner = folder.joinpath("data").stat().st_uid
    assert owner == (65534 if os.geteuid() == 0 else os.geteuid())
    assert stat.S_IMODE((folder / "tls" / "tls.key").stat().st_mode) == 0o600
    assert (folder / "tls" / "tls.key").stat().st_uid == owner
    answer = postgres.psql(database, "SHOW fsync; SHOW unix_socket_directories; SHOW listen_addresses")
    assert answer.stdout.split("\n")[:3] == ["on", "", "127.0.0.1"]
    assert not (database.tools.sentry_database / "postmaster.pid").exists()


def test_postgres_says_what_is_wrong_with_the_database_to_copy(site: Site, tmp_path: Path) -> None:
    def given(source: Path) -> Site:
        root = tmp_path / source.name
        root.mkdir()
        return dataclasses.replace(site, root=root, tools=dataclasses.replace(site.tools, sentry_database=source))

    with pytest.raises(SetupFailed, match="no migrated database"):
        postgres.server(given(tmp_path / "gone"))
    running_one = tmp_path / "running"
    running_one.mkdir()
    (running_one / "PG_VERSION").write_text("18\n")
    (running_one / "postmaster.pid").write_text("1\n")
    with pytest.raises(SetupFailed, match="not stopped cleanly"):
        postgres.server(
            dataclasses.replace(
                given(running_one.with_name("other")),
                tools=dataclasses.replace(site.tools, sentry_database=running_one),
            )
        )


def _ping(site: Site, context: ssl.SSLContext | None) -> str:
    """PING over TLS or not, and the answer: under TLS 1.3 a refusal comes with the first read."""
    with socket.create_connection(("localhost", site.ports["valkey"]), timeout=5) as plain:
        link = context.wrap_socket(plain, server_hostname="localhost") if context else plain
        with link:
            link.sendall(b"PING\r\n")
            return link.recv(100).decode()


def test_valkey_answers_a_client_with_a_certificate(store: Site) -> None:
    suite = store.identity("suite-client-tls")
    assert _ping(store, tls_client(suite.ca, suite)) == "+PONG\r\n"
    older = tls_client(suite.ca, suite, newest=ssl.TLSVersion.TLSv1_2)
    assert _ping(store, older) == "+PONG\r\n"


def _valkey_client(site: Site, case: str, newest: ssl.TLSVersion) -> ssl.SSLContext:
    suite, foreign = site.identity("suite-client-tls"), site.identity("foreign-suite-tls")
    root = foreign.ca if case == "the client's wrong root" else suite.ca
    shown = {"no certificate": None, "a foreign authority": foreign}.get(case, suite)
    return tls_client(root, shown, newest=newest)


VALKEY_REFUSALS = {
    "no certificate": "ALERT_HANDSHAKE_FAILURE",
    "a foreign authority": "ALERT_UNKNOWN_CA",
    "the client's wrong root": "CERTIFICATE_VERIFY_FAILED",
}


@pytest.mark.parametrize("case", VALKEY_REFUSALS)
def test_valkey_refuses(case: str, store: Site) -> None:
    with pytest.raises(ssl.SSLError, match=VALKEY_REFUSALS[case]):
        _ping(store, _valkey_client(store, case, ssl.TLSVersion.TLSv1_2))
    # Under TLS 1.3 this side may be writing already when it is cut off: the words then vary, the refusal does not.
    with pytest.raises(OSError, match=r"."):
        _ping(store, _valkey_client(store, case, ssl.TLSVersion.TLSv1_3))


def test_valkey_refuses_tls_1_1(store: Site) -> None:
    with pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):
        _ping(store, _valkey_client(store, "", ssl.TLSVersion.TLSv1_1))


def test_valkey_refuses_plaintext(store: Site) -> None:
    try:
        answer = _ping(store, None)
    except ConnectionResetError:
        answer = ""
    assert answer == ""


def test_valkey_keeps_what_it_was_told_and_is_declared_a_substitute(store: Site) -> None:
    described = valkey.server(store)
    assert described.component.provenance is Provenance.SUBSTITUTE
    assert re.fullmatch(r"\d+\.\d+\.\d+", described.component.version)
    settings = described.folder.joinpath("valkey.conf").read_text()
    assert {"appendonly yes", "maxmemory-policy noeviction", "tls-auth-clients yes"} <= set(settings.splitlines())


def test_the_sidecar_brings_plaintext_to_valkey_under_relays_name(store: Site) -> None:
    with socket.create_connection(("127.0.0.1", store.ports["relay-valkey"]), timeout=5) as link:
        link.sendall(b"SET said relay\r\nGET said\r\n")
        answer = link.makefile("rb")
        assert [answer.readline() for _ in range(3)] == [b"+OK\r\n", b"$5\r\n", b"relay\r\n"]


def test_the_sidecar_trusts_no_other_valkey(store: Site, tmp_path: Path) -> None:
    """With another authority's root the proxy must not pass anything on."""
    other = dataclasses.replace(store, root=tmp_path, ports={**store.ports, "relay-valkey": store.ports["dex"]})
    relay = tmp_path / "pki" / "relay-client-tls"
    relay.mkdir(parents=True)
    ours, foreign = store.identity("relay-client-tls"), store.identity("foreign-relay-tls")
    for source in (ours.certificate, ours.key, foreign.ca):
        (relay / source.name).write_bytes(source.read_bytes())
    described = relay_sidecar.server(other)
    listening = dataclasses.replace(described, ready=lambda: _refused(other))
    with running(other, listening):
        log = (tmp_path / "relay-sidecar.log").read_text()
    assert "upstream SSL certificate verify error" in log


def _refused(site: Site) -> str | None:
    try:
        valkey.ping("127.0.0.1", site.ports["relay-valkey"], None)
    except ConnectionRefusedError as error:
        return f"not listening: {error}"
    except OSError:
        return None
    pytest.fail("the proxy passed PING on to a server that it must not trust")
