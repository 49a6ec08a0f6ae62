"""Accounts in a real browser: the first password, the account page, the audit log, logging out everywhere."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.pictures import log_in
from tests.browser.served import LIMIT, Served
from tests.browser.softphone import use_fake_softphone
from tests.browser.test_accessibility import findings
from tests.unit.doubles_doors import FakeDoors
from tests.unit.doubles_web import PASSWORD, FakeUser

GOOD = "vier worte ohne sinn"
SIZES = {"laptop": (1280, 720), "200 %": (640, 360), "telephone": (390, 844)}


def doors(site: Served) -> FakeDoors:
    known = site.services.doors
    assert isinstance(known, FakeDoors)
    return known


def enter(site: Served, page: Page, name: str, password: str = PASSWORD) -> None:
    page.goto(f"{site.url}/login")
    page.fill("#name", name)
    page.fill("#password", password)
    page.click("button.primary")


def with_generated_password(site: Served, name: str) -> None:
    site.accounts.users[name] = replace(site.accounts.users[name], must_change=True)


def test_first_login_ends_at_the_agents_page_with_a_password_of_ones_own(site: Served, page: Page) -> None:
    with_generated_password(site, "anna")
    enter(site, page, "anna")
    expect(page.locator("h1")).to_have_text("Passwort ändern")
    expect(page.locator("#old")).to_be_focused()
    page.keyboard.type(PASSWORD)
    for field, text in (("#new", "zu kurz"), ("#again", "zu kurz")):
        page.fill(field, text)
    page.click("button.primary")
    expect(page.locator("#error-new")).to_contain_text("mindestens 12 Zeichen")
    for field, text in (("#old", PASSWORD), ("#new", GOOD), ("#again", GOOD)):
        page.fill(field, text)
    page.click("button.primary")
    page.wait_for_url("**/agent")
    assert doors(site).changed == {"anna": GOOD}


@pytest.fixture
def elsewhere(chromium: Browser) -> Iterator[BrowserContext]:
    """Another browser, on another machine."""
    context = chromium.new_context()
    context.set_default_timeout(LIMIT * 1000)
    use_fake_softphone(context)
    yield context
    context.close()


def test_logging_out_ends_the_page_in_another_browser_at_once(
    site: Served, anna: Page, elsewhere: BrowserContext
) -> None:
    other = elsewhere.new_page()
    log_in(other, site.url)
    other.goto(f"{site.url}/account")
    other.click("text=Überall abmelden")
    anna.wait_for_url("**/login")
    assert site.accounts.sessions == {}


def test_account_is_reached_from_the_agents_page_without_leaving_it(anna: Page) -> None:
    with anna.context.expect_page() as opened:
        anna.click("text=Anna Ahrens")
    expect(opened.value.locator("h1")).to_have_text("Ihr Konto")
    expect(opened.value.locator("text=Arbeitsplatz")).to_be_visible()
    assert anna.url.endswith("/agent")


def test_audit_is_filtered_by_person_and_day(site: Served, page: Page) -> None:
    enter(site, page, "prüferin")
    expect(page.locator("h1")).to_have_text("Protokoll")
    expect(page.locator("tbody tr")).to_have_count(4)
    page.select_option("#who", "anna")
    page.fill("#day", "2026-11-23")
    page.click("text=Anzeigen")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("#who")).to_have_value("anna")
    expect(page.locator("#day")).to_have_value("2026-11-23")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_pages_have_no_findings_and_need_no_scrolling_sideways(
    site: Served, chromium: Browser, scheme: str, size: str
) -> None:
    width, height = SIZES[size]
    context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    context.set_default_timeout(LIMIT * 1000)
    page = context.new_page()
    site.accounts.users["klara"] = FakeUser("klara", "admin")
    enter(site, page, "klara")
    for path in ("/account", "/account/password", "/audit", "/audit?who=niemand"):
        page.goto(site.url + path)
        assert findings(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.goto(f"{site.url}/account/password")
    for field in ("#old", "#new", "#again"):
        page.fill(field, "falsch")
    page.click("button.primary")
    expect(page.locator("#error-new")).to_be_visible()
    assert findings(page) == []
    context.close()


NEW_PASSWORD = "von-heute-nacht"


@pytest.mark.parametrize("status", [401, 403])
def test_refused_telephone_fetches_the_new_password_and_keeps_its_call(site: Served, anna: Page, status: int) -> None:
    site.do(site.desk.offer)
    anna.evaluate("() => { window.incoming = fakeUa.ring() }")
    anna.click("#answer")
    site.do(site.desk.talk)
    expect(anna.locator("#state-name")).to_have_text("Im Gespräch")
    anna.evaluate(
        """() => {
            window.told = [];
            fakeUa.set = (name, value) => told.push([name, value]);
            fakeUa.register = () => { told.push(["register"]); fakeUa.emit("registered"); };
        }"""
    )
    site.desk.phone_password = NEW_PASSWORD
    anna.evaluate("(status) => fakeUa.emit('registrationFailed', { response: { status_code: status } })", status)
    anna.wait_for_function("() => told.length === 2")
    assert anna.evaluate("told") == [["password", NEW_PASSWORD], ["register"]]
    assert anna.evaluate("incoming.isEstablished()")
    expect(anna.locator("#state-name")).to_have_text("Im Gespräch")


def test_asterisk_that_has_the_new_password_a_moment_later_is_asked_again(site: Served, anna: Page) -> None:
    anna.evaluate(
        """() => {
            window.asked = 0;
            fakeUa.register = () => { asked += 1; fakeUa.emit("registered"); };
            fakeUa.emit("registrationFailed", { response: { status_code: 401 } });
        }"""
    )
    anna.wait_for_function("() => asked === 1", timeout=8000)
    expect(anna.locator("#phone-status")).to_contain_text("bereit zum Klingeln")
