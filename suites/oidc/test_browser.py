"""A person logs in with a real browser that verifies certificates: from Sentry's page over Dex's and back."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from fixtures.clients.browser import browser, programs
from fixtures.clients.oidc import told
from fixtures.evidence import Recorder
from fixtures.login_bench import LoginDesk
from fixtures.timeouts import LIMITS
from fixtures.verdicts import not_run
from fixtures.waiting import Reached, wait_for

pytestmark = pytest.mark.requirement("OIDC-001")

WHO = "return fetch('/api/0/users/me/').then(answer => answer.ok ? answer.json() : null)"


@dataclass(kw_only=True)
class Walk:
    """What a person sees of it, step by step."""

    driver: Chrome
    record: Recorder
    shots: int = 0
    began: float = field(default_factory=time.monotonic)

    def shot(self, what: str) -> None:
        """Keep a picture of the page, and where it is."""
        self.shots += 1
        self.record.picture(f"{self.shots} {what}", base64.b64decode(self.driver.get_screenshot_as_base64()))
        seconds = round(time.monotonic() - self.began, 2)
        self.record.evidence(f"{self.shots} {what} address", f"{told(self.driver.current_url)} after {seconds} s")

    def find(self, selector: str) -> WebElement:
        """The visible element, once it is there."""

        def probe() -> Reached[WebElement] | str:
            found = [one for one in self.driver.find_elements(By.CSS_SELECTOR, selector) if one.is_displayed()]
            where = told(self.driver.current_url)
            return Reached(found[0]) if found else f"{where} ({self.driver.title}) has no {selector}"

        return wait_for(f"{selector} on a page", probe, timeout=LIMITS.http, interval=0.1)

    def past(self, path: str) -> None:
        """Wait until the browser has left this path."""

        def probe() -> Reached[None] | str:
            now = self.driver.current_url
            return f"the browser is at {told(now)}" if path in now else Reached(None)

        wait_for(f"the browser to leave {path}", probe, timeout=LIMITS.http, interval=0.1)

    def at(self, url: str) -> None:
        """Wait until the browser is below this address."""

        def probe() -> Reached[None] | str:
            now = self.driver.current_url
            return Reached(None) if now.startswith(url) else f"the browser is at {told(now)}"

        wait_for(f"the browser to be at {url}", probe, timeout=LIMITS.http, interval=0.1)


@pytest.fixture
def walk(desk: LoginDesk, record: Recorder) -> Iterator[Walk]:
    """A browser that trusts the platform's CA."""
    found = programs()
    if isinstance(found, str):
        not_run(found)
    with browser(desk.stack.door.ca, desk.stack.door.resolve) as driver:
        yield Walk(driver=driver, record=record)


def test_a_person_logs_in_with_a_browser(desk: LoginDesk, walk: Walk, record: Recorder) -> None:
    """Sentry's button, Dex's form, consent where it is asked for, and then Sentry as that person."""
    driver, user = walk.driver, desk.user
    driver.get(f"{desk.access.sentry_url}/auth/login/{desk.access.organization}/")
    button = walk.find("form input[name=init] ~ * button, form button[type=submit]")
    walk.shot("Sentry's page of login")
    button.click()
    walk.at(desk.access.dex_url)
    _at_dex(walk, user.email, user.password)
    walk.at(desk.access.sentry_url)
    _confirm(walk)
    found = driver.execute_script(WHO)
    walk.shot("in Sentry")
    record.figure("a login with a browser", time.monotonic() - walk.began, "s")
    assert found is not None, f"not logged in at {told(driver.current_url)}"
    assert found["email"] == user.email
    assert walk.shots >= 4


def _at_dex(walk: Walk, email: str, password: str) -> None:
    """Dex's form, and its page of consent, which Sentry always asks for."""
    if not walk.driver.find_elements(By.NAME, "login"):
        walk.find("a[href*='/auth/local']").click()
    walk.find("input[name=login]").send_keys(email)
    walk.shot("Dex's form")
    walk.find("input[name=password]").send_keys(password)
    walk.find("#submit-login, button[type=submit]").click()
    walk.past("/auth/local")
    if "/approval" in walk.driver.current_url:
        walk.shot("consent")
        walk.find(".theme-btn--success, button[type=submit]").click()


def _confirm(walk: Walk) -> None:
    """Somebody whom Sentry has never seen is asked whether an account is wanted."""
    if "/auth/sso/" in walk.driver.current_url:
        walk.shot("a new account")
        walk.find("button[name=op][value=newuser]").click()
