"""What a target names is fetched from where it is, kept out of reports, and removed with the run, also after a kill."""

from __future__ import annotations

import base64
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import certifi
import pytest

from fixtures import pki
from fixtures.clients.kube import Kube
from fixtures.errors import BadInput
from fixtures.kubernetes import references
from fixtures.kubernetes.private import PrivateFolder
from fixtures.kubernetes.target import AuthorityReference, IdentityReference, SecretKey, SecretReference
from fixtures.redaction import MASK, redact
from tests.unit.kubernetes.fake_api import FakeCluster
from tests.unit.kubernetes.samples import NAMESPACE, secret


def _reference(**where: object) -> SecretReference:
    return SecretReference.model_validate(where)


def _encoded(folder: Path, *names: str) -> dict[str, str]:
    return {name.replace(".", "_"): base64.b64encode((folder / name).read_bytes()).decode() for name in names}


@pytest.fixture
def client(tmp_path: Path) -> Path:
    pki.issue(tmp_path / "client", authority=pki.foreign_authority(), common_name="suite")
    return tmp_path / "client"


def test_a_secret_comes_from_any_of_three_places_and_is_masked(
    cluster: FakeCluster, kube: Kube, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "value-in-environment")
    (tmp_path / "token").write_text("value-in-a-file\n")
    cluster.put(secret("s", token=base64.b64encode(b"value-in-a-secret").decode()))
    places = (
        _reference(env="SOME_TOKEN"),
        _reference(file=tmp_path / "token"),
        _reference(secret={"name": "s", "key": "token"}),
    )
    found = [references.value(place, kube, NAMESPACE, what="sentry.token") for place in places]
    assert found == ["value-in-environment", "value-in-a-file", "value-in-a-secret"]
    assert {redact(value) for value in found} == {MASK}


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ({"env": "NO_SUCH_TOKEN"}, "the target's sentry.token is empty; where: environment variable NO_SUCH_TOKEN"),
        ({"file": "/nonexistent/token"}, "the target's sentry.token cannot be read: No such file"),
        (
            {"secret": {"name": "gone", "key": "k"}},
            "there is no secret sentry-system/gone for the target's sentry.token",
        ),
        (
            {"secret": {"name": "s", "key": "k"}},
            "key k of secret s is not there for the target's sentry.token; it has to",
        ),
        ({"secret": {"name": "s", "key": "token"}}, "the target's sentry.token: a secret needs at least 6 characters"),
    ],
)
def test_a_secret_that_is_not_there_is_told(
    cluster: FakeCluster, kube: Kube, where: dict[str, object], sentence: str
) -> None:
    cluster.put(secret("s", token=base64.b64encode(b"tiny").decode()))
    with pytest.raises(BadInput) as refusal:
        references.value(_reference(**where), kube, NAMESPACE, what="sentry.token")
    assert sentence in str(refusal.value)


def test_a_certificate_of_a_secret_is_written_for_its_owner_only(
    cluster: FakeCluster, kube: Kube, client: Path, tmp_path: Path
) -> None:
    cluster.put(secret("c", **_encoded(client, "tls.crt", "tls.key", "ca.crt"), keystore_p12="YWJj"))
    found = references.identity(IdentityReference(secret="c"), kube, NAMESPACE, tmp_path / "private")
    assert found.key.read_bytes() == (client / "tls.key").read_bytes()
    assert stat.S_IMODE(found.key.stat().st_mode) == 0o600
    assert stat.S_IMODE(found.folder.stat().st_mode) == 0o700
    assert {path.name for path in found.folder.iterdir()} == {"tls.crt", "tls.key", "ca.crt"}
    again = references.identity(IdentityReference(secret="c"), kube, NAMESPACE, tmp_path / "private")
    assert again == found


def test_a_certificate_in_a_folder_is_left_where_it_is(kube: Kube, client: Path, tmp_path: Path) -> None:
    found = references.identity(IdentityReference(folder=client), kube, NAMESPACE, tmp_path / "private")
    assert (found.folder, (tmp_path / "private").exists()) == (client, False)
    (client / "ca.crt").unlink()
    with pytest.raises(BadInput, match="no certificate can be read"):
        references.identity(IdentityReference(folder=client), kube, NAMESPACE, tmp_path / "private")


def test_a_secret_without_a_ca_is_no_identity(cluster: FakeCluster, kube: Kube, client: Path, tmp_path: Path) -> None:
    cluster.put(secret("c", **_encoded(client, "tls.crt", "tls.key")))
    with pytest.raises(BadInput, match=r"secret sentry-system/c has no ca\.crt"):
        references.identity(IdentityReference(secret="c"), kube, NAMESPACE, tmp_path / "private")


def test_the_doors_authority_is_the_systems_a_file_or_a_secrets(
    cluster: FakeCluster, kube: Kube, client: Path, tmp_path: Path
) -> None:
    cluster.put(secret("c", **_encoded(client, "ca.crt"), other="YWJj"))
    by_default = references.authority(None, kube, NAMESPACE, tmp_path / "private")
    assert by_default.is_file() or by_default == Path(certifi.where())
    named = AuthorityReference(secret=SecretKey(name="c", key="ca.crt"))
    found = references.authority(named, kube, NAMESPACE, tmp_path / "private")
    assert found.read_bytes() == (client / "ca.crt").read_bytes()
    assert (
        references.authority(AuthorityReference(file=client / "ca.crt"), kube, NAMESPACE, tmp_path) == client / "ca.crt"
    )
    with pytest.raises(BadInput, match="no certificate can be read"):
        references.authority(AuthorityReference(secret=SecretKey(name="c", key="other")), kube, NAMESPACE, tmp_path)


def test_a_private_folder_goes_with_its_run(tmp_path: Path) -> None:
    folder = PrivateFolder(tmp_path / "private")
    (folder.path / "key").write_text("k")
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    other = PrivateFolder(tmp_path / "private")
    assert (folder.path / "key").exists(), "a folder whose run lives is left alone"
    folder.close()
    folder.close()
    assert not folder.path.exists()
    other.close()


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from fixtures.kubernetes.private import PrivateFolder\n"
        f"print(PrivateFolder(Path({str(tmp_path / 'private')!r})).path, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert left.is_dir()
    PrivateFolder(tmp_path / "private").close()
    assert not left.exists()
