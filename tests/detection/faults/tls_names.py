"""Checks of TLS servers by name, and what their faults share: impostors with wrong certificates at every listener.

Each listener's own check has to notice its impostor. That real servers can be misled in the same way is shown by faults
of their configuration.
"""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from fixtures import pki
from fixtures.embedded.site import DOOR_NAMES
from fixtures.pki.issuing import now
from fixtures.pki.x509 import SERVER_AUTH, certificate_pem, key_pem
from fixtures.servers_bench import LISTENERS, SIGNER, declared, names
from fixtures.stack import Identity
from tests.detection.impostor import Guise, stand_in
from tests.detection.workshop import Workshop

HERE = names("embedded")
ROOT = "internal-ca-tls"
SERVERS, DOOR, CHAIN = "tls/test_servers.py::", "tls/test_door.py::", "pki/test_chain.py::"
VERSIONS = f"{SERVERS}test_only_current_versions_are_accepted"
SUITES = f"{SERVERS}test_weak_suites_are_refused"
UNKNOWN = f"{SERVERS}test_an_unknown_name_gets_no_other_certificate"
TRUSTED = f"{SERVERS}test_the_served_chain_is_trusted_under_its_name"
WRONG_ROOT = f"{SERVERS}test_a_client_with_the_wrong_root_refuses"
ONLY_CA = f"{CHAIN}test_a_served_chain_verifies_with_ca_crt_only"
SERVICES = f"{CHAIN}test_a_server_certificate_is_for_its_services"
STRONG = f"{CHAIN}test_a_served_certificate_is_strong_and_current"
AUTHORITIES = f"{CHAIN}test_the_chain_goes_from_the_root_to_the_signer_of_clients"
NO_CA_KEY = f"{CHAIN}test_no_component_is_given_the_key_of_a_ca"
DEFAULT = f"{DOOR}test_the_door_shows_its_own_certificate_or_none"
HSTS = f"{DOOR}test_browsers_are_told_to_stay_on_https"
REDIRECT = f"{DOOR}test_http_is_sent_to_https"
COOKIES = f"{DOOR}test_cookies_are_safe"


def here(*checks: str) -> tuple[str, ...]:
    """These checks for every listener of the embedded stack."""
    return tuple(f"{check}[{name}]" for check in checks for name in HERE)


ELSEWHERE = {
    f"{check}[{name}]": "not applicable to the embedded stack: it has no such listener"
    for check in (VERSIONS, SUITES, UNKNOWN, TRUSTED, WRONG_ROOT, ONLY_CA, SERVICES, STRONG)
    for name in LISTENERS
    if name not in HERE
}
"""Listeners that other stacks have."""
Makes = Callable[[Workshop, Path, str], Identity]


def served_names(workshop: Workshop, listener: str) -> tuple[str, ...]:
    found = next(one for one in workshop.stack.wire.listeners if one.name == listener)
    written = declared()[found.certificate].spec.dns_names
    return (*written, *found.names)


def own(workshop: Workshop, _: Path, listener: str) -> Identity:
    found = next(one for one in workshop.stack.wire.listeners if one.name == listener)
    return workshop.site.identity(found.certificate)


def leaf(**changes: Any) -> Makes:  # noqa: ANN401 - of pki.issue
    """A certificate that is right but for what is changed."""

    def make(workshop: Workshop, folder: Path, listener: str) -> Identity:
        right = {
            "authority": pki.load_authority(workshop.root / pki.CA_KEYS / ROOT),
            "common_name": listener,
            "usages": (SERVER_AUTH,),
            "dns_names": served_names(workshop, listener),
        }
        wanted = {key: value(workshop) if callable(value) else value for key, value in changes.items()}
        return pki.issue(folder / listener, **{**right, **wanted})

    return make


def impostors(
    make: Makes = own,
    *,
    stranger: Makes | None = None,
    **behaviour: Any,  # noqa: ANN401 - of Guise
) -> Callable[[Workshop], None]:
    """All listeners replaced; ``stranger`` makes the certificate for names that a listener does not know."""

    def inject(workshop: Workshop) -> None:
        folder = tempfile.TemporaryDirectory(prefix="impostors-")
        place = Path(folder.name)
        guises = {
            name: Guise(
                identity=make(workshop, place, name),
                names=DOOR_NAMES if name == "door" else ("localhost",),
                stranger=stranger(workshop, place / "strangers", name) if stranger else None,
                **behaviour,
            )
            for name in HERE
        }
        ports, end = stand_in(guises)
        workshop.later(end)
        workshop.later(folder.cleanup)
        workshop.edit("site.json", lambda document: document["ports"].update(ports))

    return inject


def namespace_ca(workshop: Workshop) -> pki.Authority:
    return pki.load_authority(workshop.root / pki.CA_KEYS / SIGNER)


def short_rsa(workshop: Workshop, folder: Path, listener: str) -> Identity:
    """A leaf with an RSA key of 1024 bits, which fixtures.pki does not make."""
    right = leaf()(workshop, folder, listener)
    signer = pki.load_authority(workshop.root / pki.CA_KEYS / ROOT)
    old = x509.load_pem_x509_certificates(right.certificate.read_bytes())[0]
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    builder = x509.CertificateBuilder(old.issuer, old.subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(old.not_valid_before_utc).not_valid_after(old.not_valid_after_utc)
    for one in old.extensions:
        builder = builder.add_extension(one.value, one.critical)
    right.certificate.write_bytes(certificate_pem(builder.sign(signer.key, hashes.SHA256())))
    right.key.write_bytes(key_pem(key, "PKCS8"))
    return right


def foreign(_: Workshop) -> pki.Authority:
    return pki.foreign_authority()


def ago(**delta: float) -> Callable[[Workshop], datetime.datetime]:
    return lambda _: now() - datetime.timedelta(**delta)
