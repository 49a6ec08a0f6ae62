"""A working day of two agents and their lead: real Chromium, the real Asterisk, the whole service, callers with sound.

Morning, midday and afternoon share nothing but the set-up: each can be run by itself.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright, expect

from hotline.phone.call import Heard, PhoneCall
from hotline.phone.client import Phone
from hotline.storage.accounts import Accounts, Role
from hotline.workplace.passwords import new_password
from tests.browser.served import CHROMIUM, FLAGS
from tests.browser.test_hidden_tab import ASLEEP
from tests.ports import free_ports
from tests.system.chain import PATIENCE, PROMPT_TONE, Chain, hotline
from tests.system.conftest import MUSIC_TONE, StartAsterisk
from tests.system.first_login import FIRST_PAGE, chosen, log_in_page
from tests.system.test_browser_agent import LOUDEST_FREQUENCY

KRUSE, OTHER = "+495721777001", "+495721777002"
TONE = 440
"""What callers say, Hz."""
RING_SECONDS = 7
LEAD = "lena"
ONE_PRESS_MS = 400
"""What is pressed again sooner counts as a double click."""
PHONE_WIDTH = 360
PERSON = {"family_name": "Kruse", "given_name": "Sabine", "household_number": "unbekannt", "best_time": "vormittags"}
RENT = {"new_rent": "612,50", "from_date": "2026-12-01"}
ANNOUNCEMENT = (
    "Wegen einer Störung im System können wir gerade keine Auskunft geben. "
    "Ihr Anliegen nehmen wir gern auf und rufen Sie zurück."
)
RECEIPT = re.compile(r"26-\d{4}-\d{4}")
HIDE = "(hidden) => { window.asleep = hidden; document.dispatchEvent(new Event('visibilitychange')) }"

pytestmark = pytest.mark.timeout(120)


class Day:
    """The people of one day. Each has a browser profile of their own; `errors` are those of their pages' scripts."""

    def __init__(self, chain: Chain, browser: Browser, client: Phone) -> None:
        self.chain, self.errors = chain, list[str]()
        self.client = client
        """Behind the gateway: whoever is called outside is called here."""
        self.base = chain.config.hotline.public_url
        self._browser = browser

    def password(self, name: str) -> str:
        """The generated one."""
        return self.chain.asterisk.secrets.initial_passwords[name]

    async def page(self, *, script: str = "", **options: Any) -> Page:
        """An empty page of somebody new."""
        context: BrowserContext = await self._browser.new_context(**options)
        await context.grant_permissions(["microphone", "notifications"])
        if script:
            await context.add_init_script(script)
        page = await context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    async def agent(self, name: str) -> Page:
        """Logged in, telephone registered, at home."""
        page = await self.page()
        await log_in_page(page, self.base, name, self.password(name))
        await registered(page)
        return page

    async def lead(self) -> Page:
        """Somebody with the role and without a seat."""
        password, ledger = new_password(), await self.chain.ledger()
        await Accounts(ledger._db, self.chain.config.hotline.id).add_user(LEAD, password, Role.LEAD, "tests")
        page = await self.page()
        await log_in_page(page, self.base, LEAD, password)
        await expect(page.locator("#main")).to_have_attribute("data-state", "known")
        return page

    async def caller(self, number: str = KRUSE, key: str = "4") -> PhoneCall:
        """Somebody who has chosen from the menu."""
        call = await (await self.chain.phone(number)).dial(self.chain.address)
        await call.answered()
        await call.press(key)
        return call


@pytest.fixture
async def day(start_asterisk: StartAsterisk, shipped: dict[str, Any]) -> AsyncIterator[Day]:
    shipped["distribution"]["ring_seconds"] = RING_SECONDS
    shipped["gateways"][0]["port"] = free_ports(1)[0]
    expect.set_options(timeout=PATIENCE * 1000)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(Phone(user="client", port=shipped["gateways"][0]["port"]))
        await client.listen()  # before Asterisk looks whether the gateway is there
        chain = await stack.enter_async_context(hotline(start_asterisk, shipped, phones="browser"))
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        stack.push_async_callback(browser.close)
        day = Day(chain, browser, client)
        yield day
    assert day.errors == []


# --- what people do


async def registered(page: Page) -> None:
    await expect(page.locator("#phone-status")).to_contain_text("bereit zum Klingeln")


async def state(page: Page, name: str) -> None:
    await expect(page.locator("#state-name")).to_have_text(name)


async def ready(page: Page) -> None:
    await page.click("#go-ready")
    await state(page, "Bereit")


async def answer(page: Page) -> None:
    await page.click("#answer")
    await state(page, "Im Gespräch")


async def hear_each_other(call: PhoneCall, page: Page) -> None:
    await call.sound()  # Chromium's own test tone
    async with asyncio.TaskGroup() as both:
        both.create_task(call.play_tone(TONE, seconds=3))
        hearing = both.create_task(page.evaluate(LOUDEST_FREQUENCY))
    assert abs(hearing.result()["hertz"] - TONE) < 20, hearing.result()


async def forward(page: Page, **values: str) -> None:
    """Fill the form for a case worker; nothing is sent yet."""
    await page.check("[name=outcome][value=forwarded]")
    for field, text in values.items():
        await page.fill(f"#field-{field}", text)
    await page.select_option("#field-office", "rinteln")


async def receipt(page: Page) -> str:
    """The number to be read out now, put away as read."""
    await expect(page.locator("#receipt")).to_be_visible()
    shown = page.locator("#receipt-number")
    await expect(shown).to_have_text(RECEIPT)
    number = await shown.inner_text()
    await page.click("#receipt-done")
    await expect(page.locator("#receipt")).to_be_hidden()
    return number


async def settle(page: Page) -> None:
    """Hang up, write up, be ready again."""
    await page.click("#hangup")
    await state(page, "Nacharbeit")
    await page.check("[name=outcome][value=settled]")
    await page.click("#dispose")
    await state(page, "Bereit")


async def log_out(page: Page) -> None:
    """And the page is closed to who has logged out."""
    base = page.url.rpartition("/")[0]
    await page.get_by_role("button", name="Abmelden", exact=True).first.click()
    await expect(page).to_have_url(f"{base}/login")
    await page.goto(f"{base}/agent")
    await expect(page).to_have_url(f"{base}/login")


def row(lead: Page, agent: str) -> Locator:
    return lead.locator(f"#agents tr[data-key={agent}]")


# --- morning


async def test_morning_first_login_check_hidden_tab_reload_two_requests_and_their_case_worker(day: Day) -> None:
    anna = await day.page(script=ASLEEP)
    await _first_login(day, anna)
    await _check_before_the_shift(anna)
    await ready(anna)
    call = await _call_in_a_hidden_tab(day, anna)
    await hear_each_other(call, anna)
    await anna.fill("#field-note", "Schreiben des Vermieters kommt per Post")
    await _reload_in_the_call(anna)
    await hear_each_other(call, anna)
    await expect(anna.locator("#field-note")).to_have_value("Schreiben des Vermieters kommt per Post")
    first, second = await _two_requests(anna)
    assert first != second
    await anna.click("#hangup")
    assert not (await call.ended()).by_us
    await state(anna, "Bereit")
    await _case_worker_confirms(day, first)
    await _my_day(anna, first, second)
    await log_out(anna)


async def _first_login(day: Day, page: Page) -> None:
    """The generated password opens nothing but the page on which it is changed."""
    generated = day.password("anna")
    await _enter(page, day.base, generated)
    await expect(page).to_have_url(day.base + FIRST_PAGE)
    await expect(page.locator("main")).to_contain_text("Bitte wählen Sie jetzt ein eigenes")
    await page.goto(f"{day.base}/agent")
    await expect(page).to_have_url(day.base + FIRST_PAGE)
    await page.fill("#old", generated)
    await page.fill("#new", chosen(generated))
    await page.fill("#again", chosen(generated))
    await page.get_by_role("button", name="Passwort ändern").click()
    await expect(page).to_have_url(f"{day.base}/agent")
    await registered(page)


async def _enter(page: Page, base: str, password: str) -> None:
    await page.goto(f"{base}/login")
    await page.fill("#name", "anna")
    await page.fill("#password", password)
    await page.get_by_role("button", name="Anmelden").click()


async def _check_before_the_shift(page: Page) -> None:
    await page.click("#check-now")
    for line in ("microphone", "service", "phone", "notices"):
        await expect(page.locator(f"#check-{line}")).to_have_attribute("data-verdict", "ok")
    await page.click("#check-tone")
    await page.click("#check-heard")
    await page.click("#check-ring-now")
    await expect(page.locator("body")).to_have_attribute("data-ringing", "true")
    await page.click("#check-answer")
    await expect(page.locator("#check-sum")).to_have_text("6 von 6 in Ordnung")
    await page.click("#check-done")
    await expect(page.locator("#check-offer")).to_be_hidden()


async def _call_in_a_hidden_tab(day: Day, page: Page) -> PhoneCall:
    await page.evaluate(HIDE, True)
    call = await day.caller()
    await expect(page).to_have_title(re.compile("^☎ Anruf: Mietkosten"))
    await expect(page.locator("body")).to_have_attribute("data-ringing", "true")
    assert await page.evaluate("() => messages") == ["Anruf: Mietkosten"]
    await page.evaluate(HIDE, False)
    assert await page.evaluate("() => messages.at(-1)") == "closed"
    await expect(page.locator("#call-caller")).to_have_text("05721 777001")
    await answer(page)
    return call


async def _reload_in_the_call(page: Page) -> None:
    """Asked whether the page may be left, Anna says yes; the same caller comes back to her."""
    asked: list[str] = []

    async def leave(dialog: Any) -> None:
        asked.append(dialog.type)
        await dialog.accept()

    page.on("dialog", leave)
    await page.reload()
    page.remove_listener("dialog", leave)
    assert asked == ["beforeunload"]
    await expect(page.locator("#call-caller")).to_have_text("05721 777001")
    await answer(page)


async def _two_requests(page: Page) -> tuple[str, str]:
    await forward(page, **PERSON, **RENT)
    await page.click("#dispose-more")
    first = await receipt(page)
    await expect(page.locator("#disposition-heading")).to_have_text("Weiteres Anliegen festhalten (2.)")
    await page.select_option("#field-request_type", "income")
    await expect(page.locator("#call-type")).to_have_text("Einkommen")
    await page.check("[name=outcome][value=forwarded]")
    await expect(page.locator("#field-family_name")).to_have_value("Kruse")
    await page.fill("#field-from_date", "2026-12-01")
    await page.click("#dispose")
    return first, await receipt(page)


async def _case_worker_confirms(day: Day, first: str) -> None:
    """From the link in the mail, on a phone; the other request is somebody else's."""
    mails = {mail["To"]: mail.get_content() for mail in await day.chain.mails(2)}
    assert set(mails) == {"heine@jobcenter.example", "immig@jobcenter.example"}
    link = re.search(r"http://\S+", mails["heine@jobcenter.example"])
    assert link is not None
    phone = await day.page(viewport={"width": PHONE_WIDTH, "height": 740}, is_mobile=True, has_touch=True)
    await phone.goto(link[0])
    await expect(phone.locator("h1")).to_contain_text(first)
    await expect(phone.locator("main")).to_contain_text("612,50 €")
    await expect(phone.locator("main")).not_to_contain_text("Einkommen")
    assert await phone.evaluate("() => document.documentElement.scrollWidth") <= PHONE_WIDTH
    await phone.get_by_label("Telefonisch").tap()
    await phone.get_by_role("button", name="Als erledigt").tap()
    await expect(phone.get_by_role("status")).to_contain_text("Erledigt")
    kept = [step.codes for step in await day.chain.steps(KRUSE, "promise_kept") if step.kind == "promise_kept"]
    assert kept == [{"how": "phone"}]


async def _my_day(page: Page, first: str, second: str) -> None:
    await page.click("#day-open")
    await expect(page.locator("#day-calls li")).to_have_count(1)
    await expect(page.locator("#day-calls")).to_contain_text("05721 777001")
    for number in (first, second):
        await expect(page.locator("#day-promises")).to_contain_text(number)
    await page.click("#day-close")


# --- midday


async def test_midday_missed_call_consultation_transfer_and_threat_as_the_lead_sees_them(day: Day) -> None:
    lead, anna, ben = await asyncio.gather(day.lead(), day.agent("anna"), day.agent("ben"))
    await ready(anna)
    call = await day.caller()
    await expect(lead.locator("#waiting tr")).to_contain_text("klingelt bei Anna Ahrens")
    await ready(ben)
    await _missed(anna, lead)
    await answer(ben)
    await hear_each_other(call, ben)
    await ready(anna)
    await _consult_and_hand_over(ben, anna, lead)
    await hear_each_other(call, anna)
    await _threatened(day, anna, lead)
    await settle(anna)
    await call.ended()
    await log_out(anna)
    await log_out(lead)


async def _missed(anna: Page, lead: Page) -> None:
    cause = re.compile(r"Anruf nicht angenommen, 09:0\d")
    expect_missed = expect(anna.locator("#state-name"))
    await expect_missed.to_have_text("Nicht bereit", timeout=(RING_SECONDS + PATIENCE) * 1000)
    await expect(anna.locator("#state-cause")).to_have_text(cause)
    await expect(row(lead, "anna")).to_contain_text(cause)


async def _consult_and_hand_over(ben: Page, anna: Page, lead: Page) -> None:
    await forward(ben, **RENT)
    await ben.click("#transfer-open")
    await ben.get_by_role("radio", name=re.compile("Anna Ahrens")).check()
    await ben.fill("#transfer-note", "Gilt das auch für Garagen?")
    await ben.get_by_role("button", name="Rückfrage").click()
    await expect(anna.locator("#call-phase")).to_have_text("Rückfrage von Ben Brinkmann klingelt")
    await expect(anna.locator("#handed")).to_contain_text("Gilt das auch für Garagen?")
    await anna.click("#answer")
    await expect(ben.locator("#situation-text")).to_contain_text("Sie sprechen miteinander")
    await ben.click("#transfer-complete")
    await expect(anna.locator("#announce")).to_have_text("Sie sprechen jetzt mit dem Anrufer.")
    await anna.check("[name=outcome][value=forwarded]")
    await expect(anna.locator("#field-new_rent")).to_have_value("612,50")
    await expect(row(lead, "anna")).to_contain_text("Im Gespräch")
    await expect(ben.locator("#state-name")).not_to_have_text("Im Gespräch")


async def _threatened(day: Day, anna: Page, lead: Page) -> None:
    await anna.click("#threat")
    await expect(anna.locator("#threat-text")).to_have_text("Alarm auslösen?")
    await anna.wait_for_timeout(ONE_PRESS_MS)
    await anna.click("#threat")
    unseen = "noch von niemandem gesehen. Bei der Leitung ist eine Seite offen"
    await expect(anna.locator("#threat-state")).to_contain_text(unseen)
    await expect(anna.locator("#threat-guidance li").first).to_be_visible()
    alarm = lead.locator("#alarms-list li")
    await expect(alarm).to_contain_text("Anna Ahrens wird bedroht")
    await expect(alarm).to_contain_text("Anrufer 05721 777001")
    await expect(lead).to_have_title(re.compile("^⚠ Alarm"))
    await lead.get_by_role("button", name="Alarm von Anna Ahrens als gesehen vermerken").click()
    await expect(lead.locator("#alarms")).to_be_hidden()
    await expect(anna.locator("#threat-state")).to_contain_text(f"Gesehen von {LEAD}")
    await day.chain.steps(KRUSE, "threat")


# --- afternoon


async def test_afternoon_message_announcement_callback_pause_and_everybody_goes_home(day: Day) -> None:
    lead, anna, ben = await asyncio.gather(day.lead(), day.agent("anna"), day.agent("ben"))
    await ready(anna)
    await _message_to_all(lead, anna, ben)
    await _announce(lead)
    call = await (await day.chain.phone(KRUSE)).dial(day.chain.address)
    await call.answered()
    await _hears_speech(call)
    await call.press("4")  # while it goes on: a key is heard at any moment
    await answer(anna)
    await _asks_to_be_called_back(anna)
    await call.ended()
    await _called_back(day, ben)
    await _paused_by_the_lead(lead, ben)
    await _everybody_goes_home(day, lead, anna, ben)


async def _message_to_all(lead: Page, *agents: Page) -> None:
    await lead.fill("#message-text", "Ab 10 Uhr bitte auf Störungen hinweisen.")
    await lead.click("#message-form button")
    for page in agents:
        await expect(page.locator("#messages-list")).to_contain_text("Ab 10 Uhr bitte auf Störungen hinweisen.")
    await agents[0].get_by_role("button", name="Nachricht gelesen").click()
    await expect(agents[0].locator("#messages")).to_be_hidden()
    await expect(agents[1].locator("#messages")).to_be_visible()
    await expect(lead.locator("#messages li")).to_contain_text("Gelesen: Anna Ahrens.")


async def _announce(lead: Page) -> None:
    await lead.fill("#announcement-text", ANNOUNCEMENT)
    await lead.click("#announcement-form button")
    await expect(lead.locator("#announcement-on")).to_be_visible()


async def _hears_speech(call: PhoneCall) -> None:
    """More than a second of it: everything else that callers hear in tests is one tone."""
    heard = await call.hear(4.0)
    size = heard.rate // 5  # bytes of a tenth of a second
    pieces = [Heard(heard.pcm[at : at + size], heard.rate) for at in range(0, len(heard.pcm) - size, size)]
    voice = [piece for piece in pieces if not piece.silent and not _is_tone(piece)]
    assert len(voice) > 10, [round(piece.tone or 0) for piece in pieces]


def _is_tone(heard: Heard) -> bool:
    return any(heard.has_tone(frequency) for frequency in (PROMPT_TONE, MUSIC_TONE))


async def _asks_to_be_called_back(anna: Page) -> None:
    await anna.check("[name=outcome][value=callback]")
    await anna.click("#hangup")
    await state(anna, "Nacharbeit")
    await anna.click("#dispose")
    await state(anna, "Bereit")


async def _called_back(day: Day, ben: Page) -> None:
    """Ben, who takes no calls meanwhile, rings: his own telephone first, then the caller behind the gateway."""
    await ben.get_by_role("button", name="Besprechung").click()
    await expect(ben.locator(".state-now")).to_contain_text("Pause Besprechung")
    await ben.get_by_role("button", name="Rückruf 05721 777001 übernehmen").click()
    await ben.get_by_role("button", name="05721 777001 anrufen").click()
    rung = await day.client.incoming(timeout=PATIENCE)
    await expect(ben.locator("#callback-call-stage")).to_have_text("Es klingelt dort")
    await rung.answer()
    await expect(ben.locator("#callback-call-stage")).to_have_text("Im Gespräch")
    await hear_each_other(rung, ben)
    await ben.click("#callback-hangup")
    await rung.ended()
    await expect(ben.locator("#callback-call [value=reached]")).to_be_checked()
    await ben.click("#callback-finish")
    await expect(ben.locator("#callbacks .callback")).to_have_count(0)


async def _paused_by_the_lead(lead: Page, ben: Page) -> None:
    await ready(ben)
    await lead.get_by_role("button", name="Ben Brinkmann in Pause setzen").click()
    await expect(ben.locator(".state-now")).to_contain_text(f"Pause durch Leitung ({LEAD})")
    await expect(row(lead, "ben")).to_contain_text("Pause")


async def _everybody_goes_home(day: Day, lead: Page, anna: Page, ben: Page) -> None:
    await log_out(ben)
    await expect(row(lead, "ben")).to_contain_text("Feierabend")
    await lead.get_by_role("button", name="Anna Ahrens abmelden").click()
    await lead.click("#logout-yes")
    await expect(anna.get_by_role("alert")).to_have_text("Die Leitung hat Sie abgemeldet.")
    await expect(row(lead, "anna")).to_contain_text("Feierabend")
    await log_out(lead)
