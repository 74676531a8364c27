"""A pytest plugin for the runs under a fault: they judge a stack that is broken on purpose.

``--join`` takes only a stack whose servers are all ready; this hands the session one by its folder instead.
"""

from __future__ import annotations

import os

import pytest

from fixtures.embedded.provider import EmbeddedProvider

VARIABLE = "SENTRY_CONFORMANCE_BROKEN_STACK"


def pytest_configure(config: pytest.Config) -> None:
    """Give the session its stack before it looks for one."""
    from fixtures.session import KEY, Session, asked  # late: the root conftest imports it, and pytest rewrites it then

    config.stash[KEY] = Session(provider=EmbeddedProvider(asked(config)), handle=os.environ[VARIABLE])
