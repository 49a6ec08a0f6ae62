"""A tab that nobody has looked at for an hour: browsers slow its timers to a standstill, or freeze it.

The timers are slowed by hand (`sleeping`), because a browser under test never believes that it is hidden: with every
timer of the page itself standing still, what the page does can only come from the service's word or from its worker.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from hotline.web import events, streams
from tests.browser.pictures import log_in
from tests.browser.served import Served
from tests.browser.work import asked, becomes, ring

ASLEEP = """
(() => {
  window.asleep = false;
  const [later, again] = [setTimeout, setInterval].map((real) => real.bind(window));
  const awake = (act) => (...values) => window.asleep || act(...values);
  window.setTimeout = (act, wait, ...values) => later(awake(act), wait, ...values);
  window.setInterval = (act, wait, ...values) => again(awake(act), wait, ...values);
  Object.defineProperty(Document.prototype, "hidden", { get: () => window.asleep });
  Object.defineProperty(Document.prototype, "visibilityState", { get: () => (window.asleep ? "hidden" : "visible") });
  const frame = requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (act) => frame((at) => window.asleep || act(at));
  window.messages = [];
  window.Notification = class {
    static permission = "granted";
    constructor(title, { body }) { messages.push(body); }
    close() { messages.push("closed"); }
  };
  const real = performance.now.bind(performance);
  window.later = 0;
  performance.now = () => real() + window.later;
})();
"""
HOUR = 3_600_000


def sleep(page: Page) -> None:
    page.evaluate("() => { window.asleep = true; document.dispatchEvent(new Event('visibilitychange')) }")


@pytest.fixture
def sleeping(site: Served, context: BrowserContext, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """Anna's page, hidden, an hour later."""
    monkeypatch.setattr(events, "BEAT_SECONDS", 0.5)
    monkeypatch.setattr(events, "LOOK_SECONDS", 0.1)
    context.add_init_script(ASLEEP)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    log_in(page, site.url)
    expect(page.locator("#phone-status")).to_contain_text("bereit zum Klingeln")
    sleep(page)
    page.evaluate("(ms) => { window.later = ms }", HOUR)
    expect(page.locator("body")).to_have_attribute("data-connected", "true")
    yield page
    assert errors == []


def test_the_timers_of_this_test_really_stand_still(sleeping: Page) -> None:
    sleeping.evaluate("() => { window.fired = 0; setTimeout(() => { fired += 1 }, 10) }")
    sleeping.wait_for_timeout(300)
    assert sleeping.evaluate("() => fired") == 0


def test_pop_is_acknowledged_and_rings(site: Served, sleeping: Page) -> None:
    site.do(site.desk.offer)
    assert asked(site, sleeping, "offer_shown") == [("offer_shown", "anna", "offer-1")]
    ring(sleeping)
    expect(sleeping.locator("body")).to_have_attribute("data-ringing", "true")
    expect(sleeping).to_have_title(re.compile("^☎ Anruf: Mietkosten"))
    assert sleeping.evaluate("() => messages.at(-1)") == "Anruf: Mietkosten"
    site.do(site.desk.release)
    expect(sleeping).to_have_title(re.compile("^Telefonservice"))
    assert sleeping.evaluate("() => messages.at(-1)") == "closed"


def test_pop_that_was_being_painted_when_the_tab_was_hidden_is_acknowledged(
    site: Served, context: BrowserContext
) -> None:
    context.add_init_script(ASLEEP)
    page = context.new_page()
    log_in(page, site.url)
    page.wait_for_function("() => window.fakeUa?.started")
    page.evaluate(
        """() => new MutationObserver(() => { window.asleep = true })
            .observe(document.getElementById("call"), { attributes: true, attributeFilter: ["hidden"] })"""
    )
    site.do(site.desk.offer)
    assert asked(site, page, "offer_shown") == [("offer_shown", "anna", "offer-1")]


def test_page_comes_back_by_itself_when_the_service_does(site: Served, sleeping: Page) -> None:
    site.stop_pages()
    expect(sleeping.locator("body")).to_have_attribute("data-connected", "false")
    site.start_pages()
    expect(sleeping.locator("body")).to_have_attribute("data-connected", "true")
    site.do(site.desk.offer)
    asked(site, sleeping, "offer_shown")


def test_silence_of_the_service_is_noticed(site: Served, sleeping: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "BEAT_SECONDS", HOUR)
    sleeping.reload()
    expect(sleeping.locator("body")).to_have_attribute("data-connected", "true")
    sleep(sleeping)
    sleeping.evaluate("() => { window.later += 13_000 }")
    with sleeping.expect_request("**/agent/events*"):
        pass


def test_call_without_a_pop_rings_after_a_moment(site: Served, sleeping: Page) -> None:
    ring(sleeping)
    expect(sleeping.locator("#orphan")).to_be_visible()
    expect(sleeping).to_have_title(re.compile("^☎ Anruf ohne Angaben"))
    assert sleeping.evaluate("() => messages.at(-1)") == "Anruf ohne Angaben"


def registered(page: Page, times: int) -> None:
    """Until the telephone was told so often to register."""
    becomes(page, "fakeUa?.registers ?? 0", times)


def test_telephone_registers_anew_in_time(sleeping: Page) -> None:
    registered(sleeping, 1)  # an hour has passed
    sleeping.evaluate("() => { window.later += 30_000 }")
    with sleeping.expect_request("**/heard"):
        pass
    registered(sleeping, 1)
    sleeping.evaluate("() => { window.later += 11_000 }")
    registered(sleeping, 2)


def test_telephone_that_lost_its_connection_comes_back(sleeping: Page) -> None:
    sleeping.evaluate("() => { window.old = fakeUa; fakeUa.emit('disconnected') }")
    sleeping.evaluate("() => { window.asleep = false; window.later += 21_000 }")
    sleeping.wait_for_function("() => fakeUa && fakeUa !== old && fakeUa.started")


def test_deaf_telephone_is_noticed(site: Served, sleeping: Page) -> None:
    sleeping.evaluate("() => { window.old = fakeUa }")
    site.do(site.desk.change, registered=False)
    expect(sleeping.locator("#phone-status")).to_contain_text("wird geprüft")
    sleeping.evaluate("() => { window.asleep = false; window.later += 7_000 }")
    sleeping.wait_for_function("() => fakeUa && fakeUa !== old && fakeUa.started")


def test_page_stays_a_live_screen(site: Served, sleeping: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "SILENT_SECONDS", 2.0)
    for _ in range(6):
        with sleeping.expect_request("**/heard"):
            pass
        assert len(site.desk.screens) == 1


def test_frozen_tab_is_no_screen_and_is_one_again_when_it_thaws(
    site: Served, anna: Page, context: BrowserContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "SILENT_SECONDS", 1.0)
    monkeypatch.setattr(events, "BEAT_SECONDS", 0.3)
    monkeypatch.setattr(events, "LOOK_SECONDS", 0.1)
    anna.reload()
    with anna.expect_request("**/heard"):
        pass
    control: Any = context.new_cdp_session(anna)
    other = context.new_page()
    control.send("Debugger.enable")
    control.send("Debugger.pause")  # Chromium under test does not freeze a page for good; its script can be held
    until(site, other, 0)
    control.send("Debugger.resume")
    until(site, other, 1)
    site.do(site.desk.offer)
    asked(site, other, "offer_shown")


def until(site: Served, page: Page, screens: int) -> None:
    for _ in range(400):
        if len(site.desk.screens) == screens:
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"there are {len(site.desk.screens)} screens")


def test_a_changed_system_clock_changes_no_duration(site: Served, anna: Page) -> None:
    site.do(site.desk.change, since="2026-11-23T08:59:00+00:00")
    elapsed = anna.locator("#state-elapsed")
    expect(elapsed).to_have_text(re.compile(r"^\(\d{1,2}:\d\d\)$"))
    anna.evaluate("() => { const real = Date.now; Date.now = () => real() + 7_200_000 }")
    anna.wait_for_timeout(1200)  # two ticks of the page
    expect(elapsed).to_have_text(re.compile(r"^\(\d{1,2}:\d\d\)$"))


def test_message_comes_up_when_the_window_is_covered_while_it_rings(site: Served, context: BrowserContext) -> None:
    context.add_init_script(ASLEEP)
    page = context.new_page()
    log_in(page, site.url)
    page.wait_for_function("() => window.fakeUa?.started")
    site.do(site.desk.offer)
    asked(site, page, "offer_shown")
    assert page.evaluate("() => messages") == []
    sleep(page)
    assert page.evaluate("() => messages") == ["Anruf: Mietkosten"]


def test_callers_nobody_serves_are_told_in_title_and_message(site: Served, sleeping: Page) -> None:
    sentence = "Es warten 2 Anrufe, und niemand ist bereit."
    site.do(site.desk.change, state="not_ready", hotline={**site.desk.seat["hotline"], "alarm": sentence})
    expect(sleeping).to_have_title(re.compile("^⚠ Anrufe warten"))
    assert sleeping.evaluate("() => messages.at(-1)") == sentence
