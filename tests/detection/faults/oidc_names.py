"""Checks of the login by name, and those that cannot fail on an embedded stack."""

from __future__ import annotations

LOGIN, CSRF = "oidc/test_login.py::", "oidc/test_csrf.py::"
PROVIDER, DOWN = "oidc/test_provider.py::", "oidc/test_provider_down.py::"

LOGS_IN = f"{LOGIN}test_a_user_logs_in_by_dex"
COOKIES = f"{LOGIN}test_session_cookies_are_safe"
LOG_OUT = f"{LOGIN}test_logging_out_ends_the_session"
CREDENTIALS = f"{LOGIN}test_dex_refuses_wrong_credentials"
CONSENT = f"{LOGIN}test_consent_can_be_refused"
FIRST = f"{LOGIN}test_a_first_login_makes_the_account"
SECOND = f"{LOGIN}test_a_second_login_makes_nothing"
CROWD = f"{LOGIN}test_a_crowd_of_newcomers_gets_in"
REGISTER = f"{LOGIN}test_nobody_registers_without_dex"
PLUGIN = f"{LOGIN}test_the_plugin_is_the_provider"
ASKS = f"{LOGIN}test_sentry_asks_dex_for_what_it_needs"

STATE = f"{CSRF}test_a_state_that_is_not_its_own_is_refused"
OTHER_SESSION = f"{CSRF}test_the_state_of_another_session_is_refused"
ONCE = f"{CSRF}test_a_code_is_good_once"
OUT_OF_THE_BLUE = f"{CSRF}test_a_callback_out_of_the_blue_leads_to_the_login"
ERROR = f"{CSRF}test_an_error_of_the_provider_is_no_login"
FOREIGN = f"{CSRF}test_a_foreign_site_cannot_start_a_login"
ELSEWHERE_NEXT = f"{CSRF}test_next_never_leads_elsewhere"
NEXT = f"{CSRF}test_next_leads_to_a_page_of_sentry"
LOG_OUT_NEXT = f"{CSRF}test_logging_out_leads_nowhere_else"

ISSUER = f"{PROVIDER}test_discovery_names_the_issuer_that_browsers_reach"
OFFERS = f"{PROVIDER}test_discovery_offers_what_sentry_needs_and_no_implicit_flow"
KEYS = f"{PROVIDER}test_keys_are_public_halves"
TOKEN = f"{PROVIDER}test_a_token_is_signed_for_sentry_about_the_user"
USERINFO = f"{PROVIDER}test_userinfo_asks_for_a_token"
SHOWN = f"{PROVIDER}test_a_request_of_a_stranger_is_shown_an_error"
TOLD = f"{PROVIDER}test_a_request_that_is_wrong_is_told_to_sentry"
UNDER_WAY = f"{PROVIDER}test_a_login_that_is_not_under_way_is_refused"
MADE_UP = f"{PROVIDER}test_a_made_up_code_is_refused"
BOUND = f"{PROVIDER}test_a_code_is_bound_to_its_request"
VERIFIER = f"{PROVIDER}test_a_verifier_without_a_challenge_is_refused"
REDEEMED = f"{PROVIDER}test_a_code_is_redeemed_once"

BROWSER = "oidc/test_browser.py::test_a_person_logs_in_with_a_browser"

AWAY = f"{DOWN}test_dex_away_in_the_middle_of_a_login_is_told"
ANSWER = f"{DOWN}test_without_dex_a_login_ends_with_an_answer"
UNTOUCHED = f"{DOWN}test_events_and_sessions_do_not_need_dex"
BACK = f"{DOWN}test_login_works_again_once_dex_is_back"

NOWHERE = {
    f"{LOGIN}test_one_session_at_dex_serves_another_login": "not applicable to the embedded stack: its Dex keeps no "
    "session of its own",
}
