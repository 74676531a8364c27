"""Load tests of a Sentry platform: ``locust -f loadtests/``. What can be chosen is in README.md beside this file."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it works from any folder

from fixtures.load import locust_plugin

locust_plugin.install()


class Envelopes(locust_plugin.Sender):
    """Sends events over connections that are kept, as SDKs in servers do."""


class NewConnections(locust_plugin.Sender):
    """Makes a connection for every event, TLS handshake included, as short-lived clients do."""

    scenario = "new"


class OpenModel(locust_plugin.Shape):
    """The one shape that Locust sees; ``--load-shape`` chooses the schedule behind it."""
