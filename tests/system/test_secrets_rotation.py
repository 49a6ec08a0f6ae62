"""New SIP passwords each night: real Asterisk takes them over, real Chromium follows, and no call is lost."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, Route, async_playwright, expect

from config.schema import HotlineConfig
from hotline.parent import phone_secrets
from hotline.parent.phone_secrets import PhoneSecrets, softphones
from hotline.setup import asterisk_files
from tests.browser.served import CHROMIUM, FLAGS
from tests.system.chain import PATIENCE, Chain, hotline
from tests.system.conftest import RunningAsterisk, StartAsterisk
from tests.system.first_login import log_in_page
from tests.system.sip import WebPhone

pytestmark = [pytest.mark.timeout(120)]

TODAY = date(2026, 11, 23)


def rotation(asterisk: RunningAsterisk, said: list[str], now: Any = lambda: datetime.now(UTC)) -> PhoneSecrets:
    """As the launcher makes it."""
    state = asterisk.state

    def write() -> None:
        facts = replace(asterisk.facts, phone_secrets=state.phone_secrets())
        asterisk_files.rewrite_phones(asterisk.config, facts)

    script = state.asterisk / "asterisk"
    zone = ZoneInfo(asterisk.config.hotline.timezone)
    return PhoneSecrets(state, lambda: softphones(asterisk.config), write, script, now, zone, said.append)


async def registers(asterisk: RunningAsterisk, agent: str, password: str) -> bool:
    async with WebPhone(asterisk.config.network.websocket.port, f"agent-{agent}") as browser:
        return (await browser.register(f"agent-{agent}", password)).status == 200


async def test_softphones_get_new_passwords_and_desk_phones_keep_theirs(
    start_asterisk: StartAsterisk, shipped: dict[str, Any]
) -> None:
    for agent in shipped["agents"]:
        agent["phone"] = "desk" if agent["name"] == "ben" else "browser"
    asterisk = await start_asterisk(HotlineConfig.model_validate(shipped))
    before, said = asterisk.secrets.phone_secrets, list[str]()
    assert await registers(asterisk, "anna", before["anna"])
    assert await rotation(asterisk, said).renew(TODAY)
    after = asterisk.state.phone_secrets()
    assert after["anna"] != before["anna"]
    assert after["ben"] == before["ben"]
    assert not await registers(asterisk, "anna", before["anna"])
    assert await registers(asterisk, "anna", after["anna"])
    assert await registers(asterisk, "ben", before["ben"])
    assert said == []


async def test_new_day_brings_new_passwords_by_itself(
    asterisk: RunningAsterisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phone_secrets, "LOOK_SECONDS", 0.05)
    now, said = [datetime.now(UTC)], list[str]()
    before = asterisk.state.phone_secrets()["anna"]
    running = asyncio.create_task(rotation(asterisk, said, lambda: now[0]).run())
    now[0] += timedelta(days=1)
    async with asyncio.timeout(PATIENCE):
        while await registers(asterisk, "anna", before):
            pass  # each try is a request of its own
    running.cancel()
    assert await registers(asterisk, "anna", asterisk.state.phone_secrets()["anna"])


async def test_asterisk_that_is_away_gets_them_later(asterisk: RunningAsterisk) -> None:
    said: list[str] = []
    made = rotation(asterisk, said)
    await asterisk.process.stop()
    assert not await made.renew(TODAY)
    assert said == ["Asterisk did not read the softphones' new passwords: another try follows."]
    await asterisk.process.start()
    assert await made.renew(TODAY)
    assert await registers(asterisk, "anna", asterisk.state.phone_secrets()["anna"])


@pytest.fixture
async def chain(start_asterisk: StartAsterisk, shipped: dict[str, Any]) -> AsyncIterator[Chain]:
    async with hotline(start_asterisk, shipped, phones="browser") as chain:
        yield chain


@pytest.fixture
async def anna(chain: Chain) -> AsyncIterator[Page]:
    """Anna's page, which registers anew every few seconds instead of every minute."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await (await browser.new_context()).new_page()
        page.set_default_timeout(PATIENCE * 1000)
        await page.route("**/static/phone.js", _often)
        base, secrets = chain.config.hotline.public_url, chain.asterisk.secrets
        await log_in_page(page, base, "anna", secrets.initial_passwords["anna"])
        await expect(page.locator("#phone-status")).to_contain_text("bereit zum Klingeln", timeout=PATIENCE * 1000)
        yield page
        await browser.close()


async def _often(route: Route) -> None:
    answer = await route.fetch()
    script = await answer.text()
    assert "const REFRESH_MS = 40000" in script
    await route.fulfill(response=answer, body=script.replace("const REFRESH_MS = 40000", "const REFRESH_MS = 1000"))


async def test_page_gets_the_new_password_and_its_call_goes_on(chain: Chain, anna: Page) -> None:
    await anna.click("#go-ready")
    await expect(anna.locator("#state-name")).to_have_text("Bereit")
    caller = await chain.phone("+495721777001")
    call = await caller.dial(chain.address)
    await call.answered()
    await call.press("4")
    await anna.click("#answer")
    await expect(anna.locator("#state-name")).to_have_text("Im Gespräch")

    said: list[str] = []
    async with anna.expect_response("**/agent/softphone", timeout=30_000) as told:
        assert await rotation(chain.asterisk, said).renew(TODAY)
    given = await (await told.value).json()
    assert given["password"] == chain.asterisk.state.phone_secrets()["anna"]
    await call.sound()  # Chromium's own test tone: the agent is still heard
    await expect(anna.locator("#state-name")).to_have_text("Im Gespräch")

    await call.hang_up()
    await expect(anna.locator("#state-name")).to_have_text("Nacharbeit")
    await anna.check("[name=outcome][value=no_request]")
    await anna.click("#dispose")
    await expect(anna.locator("#phone-status")).to_contain_text("bereit zum Klingeln", timeout=30_000)
    again = await caller.dial(chain.address)
    await again.answered()
    await again.press("4")
    await anna.click("#answer", timeout=30_000)
    await expect(anna.locator("#state-name")).to_have_text("Im Gespräch")
    await again.sound()
