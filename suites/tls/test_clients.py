"""Every client of a TLS server, met by a server that is not the one it wants: it must turn away before it speaks."""

from __future__ import annotations

import pytest

from fixtures.clients_bench import ClientLink, ClientsBench, client_links
from fixtures.evidence import Recorder
from fixtures.tls.false_servers import FALSE_SERVERS, FalseServer, deceived, turned_away
from fixtures.verdicts import unknown


@pytest.mark.requirement("TLS-009")
@pytest.mark.alone(reason="it takes a server away and puts a false one in its place")
@pytest.mark.parametrize("false", FALSE_SERVERS, ids=lambda false: false.name)
@pytest.mark.parametrize("link", client_links(), ids=lambda link: link.name)
def test_a_client_turns_away_from_a_false_server(
    clients_bench: ClientsBench, link: ClientLink, false: FalseServer, record: Recorder
) -> None:
    """A component that meets a server with a false certificate ends the connection and tells it nothing."""
    visits = clients_bench.visits(link, false, record)
    fooled = deceived(visits)
    assert not fooled, f"{link.client} spoke to a {link.listener} whose certificate {false.sentence}: {fooled[0]}"
    if not turned_away(visits):
        unknown(f"{link.client} did not come to a {link.listener} whose certificate {false.sentence}")
