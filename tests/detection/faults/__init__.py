"""The catalogue of seeded faults, by the hop that each breaks."""

from __future__ import annotations

from tests.detection.fault import Fault
from tests.detection.faults import (
    door,
    oidc,
    oidc_careless,
    oidc_hostile,
    oidc_names,
    pki_chain,
    project_config,
    relay,
    snuba,
    stores,
    tls_clients,
    tls_door,
    tls_map,
    tls_mutual,
    tls_names,
    tls_rotation,
    tls_servers,
    worker,
    worker_content,
)

FAULTS: tuple[Fault, ...] = (
    *door.FAULTS,
    *relay.FAULTS,
    *project_config.FAULTS,
    *worker.FAULTS,
    *worker_content.FAULTS,
    *snuba.FAULTS,
    *stores.FAULTS,
    *tls_map.FAULTS,
    *tls_mutual.FAULTS,
    *tls_clients.FAULTS,
    *tls_servers.FAULTS,
    *tls_door.FAULTS,
    *tls_rotation.FAULTS,
    *pki_chain.FAULTS,
    *oidc.FAULTS,
    *oidc_careless.FAULTS,
    *oidc_hostile.FAULTS,
)

# Checks that cannot fail on the embedded stack, each with the reason; a coverage test keeps this list honest.
WITHOUT: dict[str, str] = {
    **tls_names.ELSEWHERE,
    **oidc_names.NOWHERE,
    **tls_mutual.ELSEWHERE,
    "test_item_types.py::test_a_session_can_be_read_back": "not applicable to the embedded stack: no session metrics",
    "test_item_types.py::test_a_check_in_can_be_read_back": "not applicable to the embedded stack: no monitor is read",
    "test_item_types.py::test_an_item_type_beyond_errors_is_consumed": "not applicable to the embedded stack: the "
    "errors-only profile consumes none of these topics",
}
