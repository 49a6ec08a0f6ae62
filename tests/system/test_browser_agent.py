"""The whole chain with a browser: real Chromium as the agent, WebRTC into a real Asterisk, a caller with real sound."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from dialplan.pjsip import AGENT_RTP_TIMEOUT
from hotline.clock import Clock
from hotline.exchange.wishes import RETURN_SECONDS
from tests.browser.served import CHROMIUM, FLAGS
from tests.system.chain import MONDAY_NINE, PATIENCE, Chain, hotline
from tests.system.conftest import MUSIC_TONE, StartAsterisk
from tests.system.first_login import log_in_page

CALLER = "+495721777001"
TONE = 440
NO_DEAD_AIR = 5.0
"""Issue: no dead air beyond so many seconds."""

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

LOUDEST_MOMENT = """async () => {
    const stream = document.getElementById("remote-audio").srcObject;
    const context = new AudioContext();
    await context.resume();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let loudest = 0;
    for (let i = 0; i < 150; i += 1) {
        await new Promise((heard) => setTimeout(heard, 20));
        analyser.getFloatTimeDomainData(samples);
        loudest = Math.max(loudest, ...samples.map(Math.abs));
    }
    await context.close();
    return loudest;
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
    return await _page(chain, browser, "anna")


async def _page(chain: Chain, browser: Browser, name: str) -> Page:
    page = await (await browser.new_context()).new_page()
    page.set_default_timeout(PATIENCE * 1000)
    expect.set_options(timeout=PATIENCE * 1000)
    await log_in_page(page, chain.config.hotline.public_url, name, chain.asterisk.secrets.initial_passwords[name])
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
    await _hear_each_other(call, anna)


async def _hear_each_other(call: Any, page: Page) -> None:
    await call.sound()  # Chromium's own test tone
    heard = await _while_saying(call, page)
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


# --- the service is away, legs break off, callers are handed on


async def test_caller_of_the_fallback_is_answered_in_the_browser_and_the_page_recovers(
    chain: Chain, anna: Page
) -> None:
    await chain.stop_service()
    await expect(anna.locator("#presence-note")).to_contain_text("nicht erreichbar")
    call = await (await chain.phone(CALLER)).dial(chain.address)
    await call.answered()
    await expect(anna.locator("#orphan-text")).to_have_text("Der Telefonservice ist gestört: Anruf ohne Angaben.")
    await anna.click("#orphan-answer")
    await anna.fill("#notes-list textarea", "Frau Kruse bittet um Rückruf")
    await _hear_each_other(call, anna)
    await anna.click("#orphan-mute")
    await call.quiet(1.5)
    await anna.click("#orphan-mute")
    await call.sound()
    await anna.click("#orphan-hangup")
    assert not (await call.ended()).by_us
    await expect(anna.locator("#orphan")).to_be_hidden()
    await chain.start_service(Clock.starting_at(MONDAY_NINE + timedelta(minutes=1)))
    await expect(anna.locator("#connection")).to_be_hidden()
    await expect(anna.locator("#state-name")).to_have_text("Bereit")
    await expect(anna.locator("#notes-list textarea")).to_have_value("Frau Kruse bittet um Rückruf")
    await _answered(chain, anna)


async def test_caller_of_the_fallback_is_the_services_call_when_it_comes_back(chain: Chain, anna: Page) -> None:
    await chain.stop_service()
    call = await (await chain.phone(CALLER)).dial(chain.address)
    await call.answered()
    await anna.click("#orphan-answer")
    await anna.fill("#notes-list textarea", "Frau Kruse bittet um Rückruf")
    await chain.start_service(Clock.starting_at(MONDAY_NINE + timedelta(minutes=1)))
    await expect(anna.locator("#state-name")).to_have_text("Im Gespräch")
    await expect(anna.locator("#orphan")).to_be_hidden()
    await expect(anna.locator("#call-caller")).to_have_text("05721 777001")
    await expect(anna.locator("#field-note")).to_have_value("Frau Kruse bittet um Rückruf")
    await _hear_each_other(call, anna)
    await anna.click("#hangup")
    assert not (await call.ended()).by_us
    await anna.check("[name=outcome][value=settled]")
    await anna.click("#dispose")
    await expect(anna.locator("#state-name")).to_have_text("Bereit")


async def test_talk_goes_on_and_is_hung_up_in_the_browser_while_the_service_is_away(chain: Chain, anna: Page) -> None:
    call = await _answered(chain, anna)
    await anna.fill("#field-note", "ging weiter")
    await chain.stop_service()
    await expect(anna.locator("#presence-note")).to_be_visible()
    await _hear_each_other(call, anna)
    await anna.click("#hangup")
    assert not (await call.ended()).by_us
    await expect(anna.locator("#call-phase")).to_have_text("Nacharbeit")
    await chain.start_service(Clock.starting_at(MONDAY_NINE + timedelta(minutes=1)))
    await expect(anna.locator("#connection")).to_be_hidden()
    await expect(anna.locator("#state-name")).to_have_text("Nacharbeit")
    await expect(anna.locator("#field-note")).to_have_value("ging weiter")
    await anna.check("[name=outcome][value=settled]")
    await anna.click("#dispose")
    await expect(anna.locator("#state-name")).to_have_text("Bereit")


async def test_reload_in_a_talk_costs_a_moment_of_music_and_no_word_of_the_draft(chain: Chain, anna: Page) -> None:
    call = await _answered(chain, anna)
    await anna.check("[name=outcome][value=forwarded]")
    await anna.fill("#field-note", "Miete steigt")
    await anna.fill("#field-new_rent", "612,50")
    warned: list[str] = []

    async def leave(dialog: Any) -> None:
        warned.append(dialog.type)
        await dialog.accept()

    anna.on("dialog", leave)
    reloaded = time.monotonic()
    await anna.reload()
    assert warned == ["beforeunload"]
    await expect(anna.locator("#answer")).to_be_enabled()
    assert time.monotonic() - reloaded < NO_DEAD_AIR
    assert (await call.hear(1.0)).has_tone(MUSIC_TONE)
    await expect(anna.locator("#call-caller")).to_have_text("05721 777001")
    await anna.click("#answer")
    await expect(anna.locator("#state-name")).to_have_text("Im Gespräch")
    await _hear_each_other(call, anna)
    await expect(anna.locator("#field-note")).to_have_value("Miete steigt")
    await expect(anna.locator("#field-new_rent")).to_have_value("612,50")
    await anna.click("#hangup")
    assert not (await call.ended()).by_us
    await expect(anna.locator("#state-name")).to_have_text("Nacharbeit")


async def test_agent_who_is_muted_or_holds_is_not_taken_for_lost(chain: Chain, anna: Page) -> None:
    call = await _answered(chain, anna)
    for button in ("#mute", "#hold"):
        await anna.click(button)
        await expect(anna.locator(button)).to_have_attribute("aria-pressed", "true")
        await call.hear(AGENT_RTP_TIMEOUT + 2.0)
        await expect(anna.locator("#state-name")).to_have_text("Im Gespräch")
        await anna.click(button)
    await _hear_each_other(call, anna)


async def test_page_that_is_closed_in_a_talk_gives_the_caller_to_the_next_agent(
    chain: Chain, anna: Page, browser: Browser
) -> None:
    call = await _answered(chain, anna)
    ben = await _page(chain, browser, "ben")
    await anna.context.close()
    await ben.click("#answer", timeout=(NO_DEAD_AIR + RETURN_SECONDS + PATIENCE) * 1000)
    await expect(ben.locator("#state-name")).to_have_text("Im Gespräch")
    await _hear_each_other(call, ben)


async def _ask(anna: Page) -> None:
    await anna.check("[name=outcome][value=forwarded]")
    await anna.fill("#field-new_rent", "612,50")
    await anna.click("#transfer-open")
    await anna.get_by_role("radio", name=re.compile("Ben Brinkmann")).check()
    await anna.fill("#transfer-note", "Gilt das auch für Garagen?")
    await anna.get_by_role("button", name="Rückfrage").click()


async def _consult(anna: Page, ben: Page) -> None:
    """Anna has asked Ben, who has answered."""
    await _ask(anna)
    await expect(anna.locator("#situation-text")).to_contain_text("Es klingelt. Der Anrufer hört Musik.")
    await expect(ben.locator("#call-phase")).to_have_text("Rückfrage von Anna Ahrens klingelt")
    await expect(ben.locator("#handed")).to_contain_text("Gilt das auch für Garagen?")
    await ben.click("#answer")
    await expect(ben.locator("#situation-text")).to_contain_text("Der Anrufer wird gehalten und hört Musik.")
    await expect(anna.locator("#situation-text")).to_contain_text("Sie sprechen miteinander")


async def test_consultation_in_two_browsers_hands_over_the_caller_with_the_form(
    chain: Chain, anna: Page, browser: Browser
) -> None:
    ben = await _page(chain, browser, "ben")
    call = await _answered(chain, anna)
    await _consult(anna, ben)
    heard = await asyncio.gather(call.hear(3.0), *(page.evaluate(LOUDEST_MOMENT) for page in (anna, ben)))
    assert heard[0].has_tone(MUSIC_TONE)
    assert min(heard[1:]) > 0.01, heard[1:]
    await anna.click("#transfer-complete")
    await expect(ben.locator("#announce")).to_have_text("Sie sprechen jetzt mit dem Anrufer.")
    await _hear_each_other(call, ben)
    await ben.check("[name=outcome][value=forwarded]")
    await expect(ben.locator("#field-new_rent")).to_have_value("612,50")
    await expect(anna.locator("#state-name")).not_to_have_text("Im Gespräch")
    await ben.click("#hangup")
    assert not (await call.ended()).by_us
    await expect(ben.locator("#state-name")).to_have_text("Nacharbeit")


async def test_consultation_that_comes_to_nothing_leaves_the_caller_with_the_agent(
    chain: Chain, anna: Page, browser: Browser
) -> None:
    ben = await _page(chain, browser, "ben")
    call = await _answered(chain, anna)
    await _ask(anna)
    await expect(ben.locator("#answer")).to_be_enabled()
    await ben.click("#reject")
    back = anna.locator("#situation-text")
    await expect(back).to_have_text(re.compile("Ben Brinkmann .* Sie sprechen wieder mit dem Anrufer"))
    await _hear_each_other(call, anna)
    await ben.click("#go-ready")
    await _consult(anna, ben)
    await ben.click("#hangup")
    await expect(back).to_have_text("Ben Brinkmann hat aufgelegt. Sie sprechen wieder mit dem Anrufer.")
    await _hear_each_other(call, anna)
    await expect(ben.locator("#state-name")).to_have_text("Bereit")
    await _consult(anna, ben)
    await anna.click("#transfer-back")
    await expect(anna.locator("#situation")).to_be_hidden()
    await expect(ben.locator("#state-name")).to_have_text("Bereit")
    await _hear_each_other(call, anna)
    await anna.click("#hangup")
    assert not (await call.ended()).by_us


async def test_caller_who_is_handed_on_directly_comes_to_the_next_agent_with_what_was_asked(
    chain: Chain, anna: Page, browser: Browser
) -> None:
    ben = await _page(chain, browser, "ben")
    call = await _answered(chain, anna)
    await anna.fill("#field-note", "Miete steigt")
    await anna.click("#transfer-open")
    await anna.get_by_role("radio", name=re.compile("Ben Brinkmann")).check()
    await anna.get_by_role("button", name="Direkt verbinden").click()
    await expect(ben.locator("#call-phase")).to_have_text("Übergabe von Anna Ahrens klingelt")
    await ben.click("#answer")
    await expect(ben.locator("#field-note")).to_have_value("Miete steigt")
    await _hear_each_other(call, ben)
