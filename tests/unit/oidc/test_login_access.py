"""Who may log in to an embedded stack, from its folder alone; Dex is not started."""

from __future__ import annotations

import dataclasses
import stat
from pathlib import Path

import pytest
import yaml

from fixtures.embedded import control
from fixtures.embedded.login import EmbeddedLogin
from fixtures.embedded.server import Site
from fixtures.embedded.servers import dex
from fixtures.embedded.site import MANIFESTS
from fixtures.embedded.tools import Tools
from fixtures.stack import Door

NO_TOOLS = Tools(**{one.name: Path("/nonexistent") for one in dataclasses.fields(Tools)})
PORTS = {"door": 8443, "dex": 5554}
DOOR = Door(
    sentry_url="https://sentry.localhost:8443",
    dex_url="https://dex.localhost:8443/dex",
    ca=Path("ca.crt"),
    http_port=8080,
)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(root=tmp_path, ports=PORTS, tools=NO_TOOLS, manifests=MANIFESTS)
    configuration = dex.embedded_configuration(made, dex.manifest(MANIFESTS / dex.MANIFEST))
    path = made.folder("dex") / "config.yaml"
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(configuration))
    return made


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What the supervisor was asked for."""
    made: list[tuple[str, str]] = []
    monkeypatch.setattr(control, "ask", lambda _root, verb, server: made.append((verb, server)))
    return made


def test_users_are_those_of_the_manifest(site: Site) -> None:
    access = EmbeddedLogin(site, DOOR, "acme")
    assert [user.email for user in access.users] == ["admin@example.test", "user@example.test"]
    assert {user.password for user in access.users} == {dex.password(site, "admin"), dex.password(site, "user")}


def test_newcomers_are_added_once_each_and_dex_restarts(site: Site, asked: list[tuple[str, str]]) -> None:
    access = EmbeddedLogin(site, DOOR, "acme")
    first, second = access.newcomers(2), access.newcomers(1)
    path = site.folder("dex") / "config.yaml"
    written = yaml.safe_load(path.read_text())["staticPasswords"]
    assert [one["email"] for one in written[2:]] == [one.email for one in (*first, *second)]
    assert len({one["userID"] for one in written}) == 5
    assert asked == [("stop", "dex"), ("start", "dex")] * 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert first[0].password not in path.read_text()


def test_sentrys_client_is_the_one_that_dex_knows(site: Site) -> None:
    client = EmbeddedLogin(site, DOOR, "acme").client()
    (known,) = yaml.safe_load((site.folder("dex") / "config.yaml").read_text())["staticClients"]
    assert (client.id, client.secret, [client.redirect_uri]) == (known["id"], known["secret"], known["redirectURIs"])
