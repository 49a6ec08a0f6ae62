"""A real browser and a site of its own for each test; every script error of a page fails its test."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.pictures import log_in
from tests.browser.served import CHROMIUM, FLAGS, LIMIT, Served, served
from tests.browser.softphone import use_fake_softphone


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def site() -> Iterator[Served]:
    with served() as running:
        yield running


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(LIMIT * 1000)
    use_fake_softphone(context)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if "Content Security Policy" in line.text else None)
    yield page
    assert errors == []


@pytest.fixture
def anna(site: Served, page: Page) -> Page:
    """Anna's page, ready, her telephone registered."""
    log_in(page, site.url)
    page.wait_for_function("() => window.fakeUa?.started")
    expect(page.locator("#phone-status")).to_contain_text("bereit zum Klingeln")
    return page
