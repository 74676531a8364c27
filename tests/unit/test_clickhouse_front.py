"""The ClickHouse front: clickhouse-connect unchanged, users by certificate, refusals, and no acknowledged row lost."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import random
import socket
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fixtures.embedded.clickhouse.errors import ClickHouseError as FrontError
from fixtures.embedded.clickhouse.statements import insert_with_data, kind, quote, refuse_sources
from fixtures.waiting import Reached, wait_for

ROOT = Path(__file__).parents[2]


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def issue(folder: Path, names: list[str]) -> None:
    """A small authority and one certificate a name, valid for client and server alike."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)

    def build(subject: str, public: ec.EllipticCurvePrivateKey, *, ca: bool) -> x509.Certificate:
        builder = x509.CertificateBuilder(_name("test-ca"), _name(subject), public.public_key())
        names = x509.SubjectAlternativeName(
            [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        )
        builder = builder.serial_number(x509.random_serial_number()).add_extension(names, critical=False)
        builder = builder.not_valid_before(now - dt.timedelta(hours=1)).not_valid_after(now + dt.timedelta(hours=1))
        return builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True).sign(
            key, hashes.SHA256()
        )

    (folder / "ca.crt").write_bytes(build("test-ca", key, ca=True).public_bytes(serialization.Encoding.PEM))
    for name in names:
        own = ec.generate_private_key(ec.SECP256R1())
        (folder / f"{name}.crt").write_bytes(build(name, own, ca=False).public_bytes(serialization.Encoding.PEM))
        pem = own.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / f"{name}.key").write_bytes(pem)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass
class Running:
    """A front as its own process."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        config = {"host": "127.0.0.1", "port": self.port, "data": str(self.folder / "data")}
        config |= {"certificate": str(self.folder / "server.crt"), "key": str(self.folder / "server.key")}
        (self.folder / "front.json").write_text(json.dumps({**config, "ca": str(self.folder / "ca.crt")}))
        command = [
            sys.executable,
            "-m",
            "fixtures.embedded.clickhouse.front",
            "--config",
            str(self.folder / "front.json"),
        ]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        process = self.process
        wait_for(
            "the front to answer /ping",
            self._ping,
            timeout=30,
            failed=lambda: None if process.poll() is None else (self.folder / "log").read_text()[-2000:],
        )

    def _ping(self) -> Reached[str] | str:
        try:
            return Reached(self.get("suite", "/ping"))
        except OSError as error:
            return str(error)

    def context(self, user: str | None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.folder / "ca.crt"))
        if user:
            context.load_cert_chain(self.folder / f"{user}.crt", self.folder / f"{user}.key")
        return context

    def get(self, user: str | None, path: str, body: bytes | None = None) -> str:
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=self.context(user))
        )
        with opener.open(f"https://localhost:{self.port}{path}", data=body, timeout=10) as answer:
            return str(answer.read().decode())

    def client(self, user: str, **options: str | bool) -> Client:
        chosen: dict[str, Any] = {"username": user, "query_retries": 0, **options}
        return clickhouse_connect.get_client(
            host="localhost",
            port=self.port,
            secure=True,
            ca_cert=str(self.folder / "ca.crt"),
            client_cert=str(self.folder / f"{user}.crt"),
            client_cert_key=str(self.folder / f"{user}.key"),
            **chosen,
        )

    def stop(self) -> int:
        assert self.process
        self.process.terminate()
        return self.process.wait(10)


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("front")
    issue(folder, ["server", "snuba", "suite", "clickhouse-admin", "stranger"])
    running = Running(folder, free_port())
    running.start()
    try:
        yield running
    finally:
        if running.process and running.process.poll() is None:
            assert running.stop() == 0, (folder / "log").read_text()[-2000:]


def refusal(
    front: Running, user: str | None, statement: str, *, method: str = "POST", extra: str = ""
) -> tuple[int, str]:
    """Status and exception code of a statement that must be refused."""
    query = urllib.parse.quote(statement)
    with pytest.raises(urllib.error.HTTPError) as caught:
        front.get(user, f"/?query={query}{extra}", None if method == "GET" else b"")
    answer = caught.value
    code = answer.headers["X-ClickHouse-Exception-Code"]
    assert answer.read().decode().startswith(f"Code: {code}. DB::Exception: ")
    return answer.code, code


@pytest.mark.parametrize("compress", [False, "lz4", "zstd", "gzip"])
def test_rows_come_back_as_they_were_inserted(front: Running, compress: bool | str) -> None:
    client = front.client("snuba", compress=compress)
    client.command(
        "CREATE OR REPLACE TABLE t (a UInt32, s String, l Array(String), n Nullable(Int8)) ENGINE=MergeTree ORDER BY a"
    )
    rows = [(1, "it's \\ \n FORMAT x; ü", ["a", ""], None), (2, "", [], -3)]
    done = client.insert("t", rows, column_names=["a", "s", "l", "n"])
    assert done.written_rows == 2
    assert client.query("SELECT * FROM t ORDER BY a").result_rows == rows
    client.close()


def test_parameters_and_settings_hold_for_one_statement(front: Running) -> None:
    client = front.client("suite")
    usual = client.command("SELECT getSetting('max_result_rows')")
    assert client.query("SELECT {x:String} AS x", parameters={"x": "a'b\\"}).result_rows == [("a'b\\",)]
    assert client.command("SELECT getSetting('max_result_rows')", settings={"max_result_rows": 7}) == 7
    assert client.command("SELECT getSetting('max_result_rows')") == usual
    with pytest.raises(DatabaseError, match="is not set"):
        client.query("SELECT {x:String} AS x")
    client.close()


@pytest.mark.parametrize(
    ("statement", "status", "code"),
    [
        ("SELECT * FROM nowhere", 404, "60"),
        ("SELECT (1", 400, "62"),
        ("SELECT 1; SELECT 2", 400, "62"),
        ("SELECT 1 INTO OUTFILE '/tmp/x'", 500, "1"),
        ("DROP TABLE IF EXISTS t", 403, "497"),
        ("INSERT INTO t (a) VALUES (1)", 403, "497"),
        ("/* SELECT */ TRUNCATE TABLE t", 403, "497"),
        ("SELECT * FROM file('/etc/passwd', 'LineAsString')", 403, "497"),
        ("SELECT * FROM `file`('/etc/passwd', 'LineAsString')", 403, "497"),
    ],
)
def test_a_reader_is_refused_with_clickhouses_own_code(front: Running, statement: str, status: int, code: str) -> None:
    assert refusal(front, "suite", statement) == (status, code)


def test_get_never_writes(front: Running) -> None:
    assert refusal(front, "clickhouse-admin", "CREATE TABLE z (a Int8) ENGINE=Memory", method="GET") == (403, "164")


def test_the_certificate_is_the_user(front: Running) -> None:
    assert refusal(front, "stranger", "SELECT 1") == (403, "516")
    assert refusal(front, "suite", "SELECT 1", extra="&user=clickhouse-admin") == (403, "516")
    with pytest.raises(ClickHouseError, match="516"):
        front.client("suite", username="snuba")
    with pytest.raises((urllib.error.URLError, OSError)):
        front.get(None, "/?query=SELECT%201")


def test_plain_http_and_old_tls_get_nothing(front: Running) -> None:
    old = front.context("suite")
    old.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", front.port), timeout=5) as raw, pytest.raises(OSError):  # noqa: PT011
        old.wrap_socket(raw, server_hostname="localhost").recv(1)
    with pytest.raises(OSError):  # noqa: PT011
        urllib.request.urlopen(f"http://localhost:{front.port}/ping", timeout=5)


def test_killed_at_any_moment_no_acknowledged_row_is_lost(front: Running) -> None:
    client = front.client("snuba")
    client.command("CREATE OR REPLACE TABLE d (i UInt64) ENGINE=MergeTree ORDER BY i")
    acknowledged: set[int] = set()
    chance, sent = random.Random(26), 0
    for _ in range(3):
        assert front.process
        killer = threading.Timer(chance.uniform(0.1, 0.5), front.process.kill)
        killer.start()
        try:
            while True:
                client.insert("d", [[n] for n in range(sent, sent + 50)], column_names=["i"])
                acknowledged.update(range(sent, sent + 50))
                sent += 50
        except (ClickHouseError, OSError):
            sent += 50
        front.process.wait(10)
        front.start()
        client = front.client("snuba")
        found = {row[0] for row in client.query("SELECT i FROM d").result_rows}
        assert acknowledged, "nothing was acknowledged before the kill: the round proves nothing"
        assert acknowledged <= found, sorted(acknowledged - found)[:20]
    client.close()


def test_words_in_strings_and_comments_do_not_count() -> None:
    assert kind("-- DROP\nSELECT ';', 'INTO OUTFILE' -- ; x").reads
    assert kind("SELECT 1;").reads
    assert not kind("WITH 1 AS x INSERT INTO t SELECT x").reads
    refuse_sources("SELECT 'file(' , file FROM t WHERE url = 'x'", "suite")
    with pytest.raises(FrontError, match="Empty query"):
        kind(" -- nothing\n")


def test_inline_data_begins_after_the_format() -> None:
    text = "INSERT INTO t (`FORMAT`) SETTINGS a='FORMAT X' FORMAT Native\n\x00;rest"
    found = insert_with_data(text)
    assert found
    assert text[found.data_at :] == "\x00;rest"
    assert found.from_file("'f'") == "INSERT INTO t (`FORMAT`) FROM INFILE 'f' SETTINGS a='FORMAT X' FORMAT Native"
    assert insert_with_data("INSERT INTO t VALUES ('FORMAT TSV ')") is None


def test_totals_of_no_rows_come_in_order(front: Running) -> None:
    statement = b"SELECT number AS n, count() AS c FROM numbers(1) WHERE n > 5 GROUP BY n WITH TOTALS FORMAT "
    whole = json.loads(front.get("suite", "/", statement + b"JSON"))
    assert (whole["data"], whole["totals"], whole["rows"]) == ([], {"n": 0, "c": 0}, 0)
    assert json.loads(front.get("suite", "/", statement + b"JSONCompact"))["totals"] == [0, 0]


def test_quoting_survives_the_engine(front: Running) -> None:
    text = "".join(chr(n) for n in range(1, 300)) + "'\\"
    statement = f"SELECT {quote(text)} FORMAT JSONCompact".encode()
    assert json.loads(front.get("suite", "/", statement))["data"] == [[text]]
