"""Faults of what Sentry tells Relay about a project: quotas, filters, scrubbing, origins."""

from __future__ import annotations

from collections.abc import Callable

from tests.detection.fault import Fault
from tests.detection.faults.names import ALIVE, LAYOUT, NORMALISED, OUTCOMES, each
from tests.detection.workshop import Workshop

SECRETS = ("password", "passwd", "secret", "api_key", "authorization", "token")


def _tell(code: str) -> Callable[[Workshop], None]:
    return lambda workshop: workshop.patch_sentry("sentry.relay.config", code, "sentry-web")


FAULTS = (
    Fault(
        id="config-without-quotas",
        sentence="Sentry tells Relay of no quota, so that no rate limit of a key holds.",
        stands_for="quotas switched off in the settings, or a Redis that is not the one Sentry writes to",
        inject=_tell("def get_quotas(project, keys=None): return []"),
        must_fail=(
            "test_limits.py::test_exactly_the_allowed_number_is_stored",
            "test_limits.py::test_a_refusal_tells_the_client_how_long_to_wait",
            "test_limits.py::test_once_refused_a_key_stays_refused",
            "test_limits.py::test_another_category_of_the_key_is_untouched",
            "test_limits.py::test_every_limited_event_is_an_outcome",
        ),
        may_fail=("test_limits.py::test_another_key_of_the_project_is_untouched",),
        blocks=True,  # the checks prepare a key beyond its limit
        must_pass=(LAYOUT, ALIVE),
    ),
    Fault(
        id="config-limits-the-project",
        sentence="A key's rate limit is applied to all keys of its project.",
        stands_for="a noisy client that silences every other client of the project",
        inject=_tell("""
            real_quotas = get_quotas
            def get_quotas(project, keys=None):
                found = real_quotas(project, keys=list(project.key_set.all()))
                return [{**quota, "scope": "project", "scopeId": str(project.id)} for quota in found]
        """),
        must_fail=(
            "test_limits.py::test_another_key_of_the_project_is_untouched",
            "test_limits.py::test_a_refusal_tells_the_client_how_long_to_wait",
        ),
        must_pass=(LAYOUT, ALIVE),
    ),
    Fault(
        id="config-without-filters",
        sentence="Sentry tells Relay of no inbound filter.",
        stands_for="filters that are shown as on and drop nothing, after an upgrade of one side only",
        inject=_tell("def get_filter_settings(project): return {}"),
        must_fail=(
            "test_filters.py::test_a_filter_drops_what_it_names_and_nothing_else",
            "test_filters.py::test_every_filtered_event_is_an_outcome_with_its_reason",
            "test_filters.py::test_a_blocked_address_is_filtered",
            OUTCOMES,
        ),
        must_pass=(LAYOUT, ALIVE),
    ),
    Fault(
        id="config-scrubs-nothing",
        sentence="Sentry tells Relay to scrub nothing: passwords and card numbers are stored.",
        stands_for="data scrubbing lost for new projects; the worst that an error tracker can do quietly",
        inject=_tell("""
            def get_datascrubbing_settings(project): return {}
            def get_pii_config(project): return None
        """),
        must_fail=(
            *each(NORMALISED, *(f"extra {name} is scrubbed" for name in SECRETS)),
            *each(NORMALISED, "card number in extra", "password in request data", "card number in the message"),
            "test_normalisation.py::test_secrets_are_gone_before_kafka",
            "test_normalisation.py::test_scrubbing_follows_the_project_settings",
        ),
        must_pass=(ALIVE, *each(NORMALISED, "harmless extra stays")),
    ),
    Fault(
        id="config-scrubs-everything",
        sentence="Sentry tells Relay to scrub harmless fields too, whatever the project's settings say.",
        stands_for="an organisation-wide rule far too wide: developers see nothing but [Filtered]",
        inject=_tell("""
            def get_datascrubbing_settings(project):
                return {"scrubData": True, "scrubDefaults": True, "sensitiveFields": ["ok", "email"]}
        """),
        must_fail=(
            *each(NORMALISED, "harmless extra stays", "user's mail address stays"),
            "test_normalisation.py::test_scrubbing_can_be_switched_off",
            "test_normalisation.py::test_scrubbing_follows_the_project_settings",
        ),
        must_pass=(ALIVE, *each(NORMALISED, "card number in the message")),
    ),
    Fault(
        id="config-allows-any-origin",
        sentence="Sentry tells Relay that every web site may send into every project.",
        stands_for="a global list of allowed origins of '*' that overrides the projects' own",
        inject=_tell('def get_origins(project): return ["*"]'),
        must_fail=("test_cors_and_health.py::test_only_allowed_origins_may_send",),
        must_pass=(LAYOUT, ALIVE),
    ),
)
