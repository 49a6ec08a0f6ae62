"""The whole chain with a browser: real Chromium as the agent, WebRTC into a real Asterisk, a caller with real sound."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser.served import CHROMIUM, FLAGS
from tests.system.chain import PATIENCE, Chain, hotline
from tests.system.conftest import StartAsterisk

CALLER = "+495721777001"
TONE = 440

pytestmark = [pytest.mark.timeout(120)]

LOUDEST_FREQUENCY = """async () => {
    const stream = document.getElementById("remote-audio").srcObject;
    const context = new AudioContext();
    await context.resume();
    const analyser = context.createAnalyser();
    analyser.fftSize = 8192;
    context.createMediaStreamSource(stream).connect(analyser);
    const bins = new Float32Array(analyser.frequencyBinCount);
    await new Promise((heard) => setTimeout(heard, 1000));
    analyser.getFloatFrequencyData(bins);
    const loudest = bins.indexOf(Math.max(...bins));
    const hertz = loudest * context.sampleRate / analyser.fftSize;
    await context.close();
    return { hertz, level: bins[loudest] };
}"""


@pytest.fixture
async def chain(start_asterisk: StartAsterisk, shipped: dict[str, Any]) -> AsyncIterator[Chain]:
    async with hotline(start_asterisk, shipped, phones="browser") as chain:
        yield chain


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def anna(chain: Chain, browser: Browser) -> Page:
    """Anna's page: logged in, telephone registered, ready."""
    page = await (await browser.new_context()).new_page()
    page.set_default_timeout(PATIENCE * 1000)
    expect.set_options(timeout=PATIENCE * 1000)
    await page.goto(f"{chain.config.hotline.public_url}/login")
    await page.fill("#name", "anna")
    await page.fill("#password", chain.asterisk.secrets.initial_passwords["anna"])
    await page.click("button.primary")
    await expect(page.locator("#phone-status")).to_contain_text("bereit zum Klingeln")
    await page.click("#go-ready")
    await expect(page.locator("#state-name")).to_have_text("Bereit")
    return page


async def _answered(chain: Chain, page: Page) -> Any:
    phone = await chain.phone(CALLER)
    call = await phone.dial(chain.address)
    await call.answered()
    await call.press("4")
    await page.click("#answer")
    await expect(page.locator("#state-name")).to_have_text("Im Gespräch")
    return call


async def test_pop_is_rendered_before_the_ring_and_both_hear_each_other(chain: Chain, anna: Page) -> None:
    assert "Probebetrieb" in await anna.inner_text("body")
    call = await _answered(chain, anna)
    await expect(anna.locator("#call-type")).to_have_text("Mietkosten")
    await expect(anna.locator("#call-caller")).to_have_text("05721 777001")
    marks = [await anna.locator("#call").get_attribute(f"data-{mark}-at") for mark in ("pop-rendered", "ring-started")]
    rendered, rang = (float(mark or "nan") for mark in marks)
    assert rendered < rang
    await call.sound()  # Chromium's own test tone
    heard = await _while_saying(call, anna)
    assert abs(heard["hertz"] - TONE) < 20, heard


async def _while_saying(call: Any, page: Page) -> Any:
    async with asyncio.TaskGroup() as both:
        both.create_task(call.play_tone(TONE, seconds=3))
        hearing = both.create_task(page.evaluate(LOUDEST_FREQUENCY))
    return hearing.result()


async def test_forwarded_request_is_mailed_and_confirmed_by_the_case_worker(
    chain: Chain, anna: Page, browser: Browser
) -> None:
    await _answered(chain, anna)
    await anna.check("[name=outcome][value=forwarded]")
    written = {
        "family_name": "Kruse",
        "given_name": "Sabine",
        "household_number": "unbekannt",
        "best_time": "vormittags",
        "new_rent": "612,50",
        "from_date": "2026-12-01",
        "note": "Schreiben des Vermieters kommt per Post",
    }
    for field, text in written.items():
        await anna.fill(f"#field-{field}", text)
    await anna.select_option("#field-office", "rinteln")
    await anna.click("#dispose")
    receipt = anna.locator("#receipt-number")
    await expect(receipt).to_have_text(re.compile(r"26-\d{4}-\d{4}"))
    await anna.click("#hangup")
    await expect(anna.locator("#state-name")).to_have_text("Bereit")
    (mail,) = await chain.mails(1)
    assert mail["To"] == "heine@jobcenter.example"
    link = re.search(r"http://\S+", mail.get_content())
    assert link is not None
    case_worker = await browser.new_page(viewport={"width": 390, "height": 844})
    await case_worker.goto(link[0])
    await expect(case_worker.locator("body")).to_contain_text("612,50 €")
    await case_worker.get_by_label("Telefonisch").check()
    await case_worker.get_by_role("button", name="Als erledigt").click()
    await expect(case_worker.locator("[role=status]")).to_contain_text("Erledigt")
    steps = await chain.steps(CALLER, "promise_kept")
    assert [step.codes for step in steps if step.kind == "promise_kept"] == [{"how": "phone"}]


async def test_reload_and_second_tab_show_the_call_in_progress(chain: Chain, anna: Page) -> None:
    call = await _answered(chain, anna)
    second = await anna.context.new_page()
    await second.goto(f"{chain.config.hotline.public_url}/agent")
    await expect(second.locator("#call-type")).to_have_text("Mietkosten")
    await expect(second.locator("#state-name")).to_have_text("Im Gespräch")
    await second.reload()
    await expect(second.locator("#call-caller")).to_have_text("05721 777001")
    await anna.click("#hangup")
    await call.ended()
    await expect(second.locator("#state-name")).to_have_text("Nacharbeit")


async def test_missed_call_makes_the_agent_not_ready_until_one_click(chain: Chain, anna: Page) -> None:
    phone = await chain.phone(CALLER)
    call = await phone.dial(chain.address)
    await call.answered()
    await call.press("4")
    await expect(anna.locator("#answer")).to_be_enabled()
    await anna.click("#reject")
    await expect(anna.locator("#state-name")).to_have_text("Nicht bereit")
    await expect(anna.locator("#state-cause")).to_contain_text("Anruf abgelehnt")
    await anna.click("#go-ready")
    await anna.click("#answer")
    await expect(anna.locator("#state-name")).to_have_text("Im Gespräch")
