"""The check before the shift against a real Asterisk: the trial ring rings in the page and leaves nothing behind."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser.served import CHROMIUM, FLAGS
from tests.system.chain import PATIENCE, Chain, hotline
from tests.system.conftest import StartAsterisk
from tests.system.first_login import log_in_page

pytestmark = [pytest.mark.timeout(120)]


@pytest.fixture
async def chain(start_asterisk: StartAsterisk, shipped: dict[str, Any]) -> AsyncIterator[Chain]:
    async with hotline(start_asterisk, shipped, phones="browser") as chain:
        yield chain


@pytest.fixture
async def anna(chain: Chain) -> AsyncIterator[Page]:
    """Anna's page: logged in, telephone registered, not ready yet."""
    async with async_playwright() as playwright:
        browser: Browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await (await browser.new_context()).new_page()
        page.set_default_timeout(PATIENCE * 1000)
        expect.set_options(timeout=PATIENCE * 1000)
        passwords = chain.asterisk.secrets.initial_passwords
        await log_in_page(page, chain.config.hotline.public_url, "anna", passwords["anna"])
        await expect(page.locator("#phone-status")).to_contain_text("bereit zum Klingeln")
        yield page
        await browser.close()


async def test_trial_ring_rings_in_the_page_and_ends_by_itself(chain: Chain, anna: Page) -> None:
    await anna.click("#check-open")
    await anna.click("#check-ring-now")
    await expect(anna.locator("body")).to_have_attribute("data-ringing", "true")
    await expect(anna.locator("#orphan")).to_be_hidden()
    await anna.click("#check-answer")
    await expect(anna.locator("#check-ring")).to_have_attribute("data-verdict", "ok")
    await anna.click("#check-done")
    await anna.click("#go-ready")
    await expect(anna.locator("#state-name")).to_have_text("Bereit")


async def test_call_comes_after_a_trial_ring_that_nobody_took(chain: Chain, anna: Page) -> None:
    await anna.click("#go-ready")
    await anna.click("#check-open")
    await anna.click("#check-ring-now")
    await expect(anna.locator("#check-answer")).to_be_visible()
    phone = await chain.phone("+495721777001")
    call = await phone.dial(chain.address)
    await call.answered()
    await call.press("4")
    await expect(anna.locator("#state-cause")).to_have_text("Telefon ist besetzt")
    await anna.click("#check-done")
    await expect(anna.locator("#call-type")).to_have_text("Mietkosten")
    await anna.click("#answer")
    await expect(anna.locator("#state-name")).to_have_text("Im Gespräch")
