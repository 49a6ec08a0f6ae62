"""The check before the shift: each line says whether it works or what to do, and nothing of it hides a call."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.pictures import log_in
from tests.browser.served import Served
from tests.browser.work import asked
from tests.unit.doubles_beside import FakeBeside
from tests.unit.doubles_web import refusing


def beside(site: Served) -> FakeBeside:
    found = site.services.alarms
    assert isinstance(found, FakeBeside)
    return found


def verdict(page: Page, line: str) -> str:
    return str(page.locator(f"#check-{line}").get_attribute("data-verdict"))


def judged(page: Page, line: str, wanted: str) -> None:
    expect(page.locator(f"#check-{line}")).to_have_attribute("data-verdict", wanted, timeout=15_000)


def text(page: Page, line: str) -> str:
    return page.locator(f"#check-{line} [data-part=text]").inner_text()


def test_everything_that_works_is_said_to_work(site: Served, anna: Page, context: BrowserContext) -> None:
    context.grant_permissions(["microphone", "notifications"])
    anna.click("#check-open")
    for line in ("microphone", "service", "phone", "notices"):
        judged(anna, line, "ok")
    assert anna.locator("#check-level").evaluate("meter => meter.value") > 0
    anna.click("#check-tone")
    anna.click("#check-heard")
    judged(anna, "speaker", "ok")
    expect(anna.locator("#check-sum")).to_have_text("5 von 6 in Ordnung")


def test_trial_ring_rings_here_and_is_taken_here(site: Served, anna: Page) -> None:
    anna.click("#check-open")
    anna.click("#check-ring-now")
    anna.evaluate("() => { window.incoming = fakeUa.ring() }")
    expect(anna.locator("body")).to_have_attribute("data-ringing", "true")
    expect(anna.locator("#orphan")).to_be_hidden()
    anna.click("#check-answer")
    expect(anna.locator("body")).to_have_attribute("data-ringing", "false")
    site.do(site.desk.change, test_ring=False)
    anna.evaluate("() => incoming.finish()")
    judged(anna, "ring", "ok")
    assert beside(site).asked == [("test_ring", "anna")]


def test_trial_ring_that_nobody_takes_is_no_success(site: Served, anna: Page) -> None:
    anna.click("#check-open")
    anna.click("#check-ring-now")
    anna.evaluate("() => { window.incoming = fakeUa.ring() }")
    expect(anna.locator("#check-answer")).to_be_visible()
    anna.evaluate("() => incoming.finish()")
    judged(anna, "ring", "bad")
    expect(anna.locator("#check-answer")).to_be_hidden()


def test_closing_the_check_ends_the_trial_ring(site: Served, anna: Page) -> None:
    anna.click("#check-open")
    anna.click("#check-ring-now")
    anna.evaluate("() => { window.incoming = fakeUa.ring() }")
    expect(anna.locator("#check-answer")).to_be_visible()
    anna.keyboard.press("Escape")
    anna.wait_for_function("() => incoming.log.length === 1")
    expect(anna.locator("body")).to_have_attribute("data-ringing", "false")


def test_refused_trial_ring_says_why(site: Served, anna: Page) -> None:
    beside(site).refusal = refusing("Das Probeklingeln geht nur, solange Sie keinen Anruf haben.")
    anna.click("#check-open")
    anna.click("#check-ring-now")
    judged(anna, "ring", "bad")
    assert "keinen Anruf" in text(anna, "ring")


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        ("NotAllowedError", "das Mikrofon erlauben"),
        ("NotFoundError", "Headset einstecken"),
        ("NotReadableError", "anderes Programm"),
    ],
)
def test_microphone_that_fails_says_what_to_do(site: Served, anna: Page, error: str, advice: str) -> None:
    anna.evaluate(
        "(name) => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', name) } }", error
    )
    anna.click("#check-open")
    judged(anna, "microphone", "bad")
    assert advice.lower() in text(anna, "microphone").lower()


def test_silent_microphone_is_no_success(site: Served, anna: Page) -> None:
    anna.evaluate(
        """() => { navigator.mediaDevices.getUserMedia = async () => {
            const context = new AudioContext();
            return context.createMediaStreamDestination().stream;
        } }"""
    )
    anna.click("#check-open")
    judged(anna, "microphone", "bad")
    assert "kein Ton" in text(anna, "microphone")


def test_speaker_that_is_not_heard_says_what_to_do(site: Served, anna: Page) -> None:
    anna.click("#check-open")
    anna.click("#check-tone")
    anna.click("#check-not-heard")
    judged(anna, "speaker", "bad")
    assert "Lautstärke" in text(anna, "speaker")


def test_missing_service_and_telephone_are_told(site: Served, anna: Page) -> None:
    anna.click("#check-open")
    judged(anna, "service", "ok")
    anna.evaluate("() => fakeUa.emit('registrationFailed')")
    judged(anna, "phone", "bad")
    site.stop_pages()
    judged(anna, "service", "bad")


def test_microphone_is_let_go_when_the_check_is_over(site: Served, anna: Page) -> None:
    anna.evaluate(
        """() => {
            const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
            navigator.mediaDevices.getUserMedia = async (wish) => (window.stream = await real(wish));
        }"""
    )
    anna.click("#check-open")
    judged(anna, "microphone", "ok")
    anna.click("#check-done")
    assert anna.evaluate("() => stream.getTracks().map((track) => track.readyState)") == ["ended"]


def test_call_closes_the_check_and_is_shown(site: Served, anna: Page) -> None:
    anna.click("#check-open")
    expect(anna.locator("#check-dialog")).to_be_visible()
    site.do(site.desk.offer)
    expect(anna.locator("#check-dialog")).to_be_hidden()
    expect(anna.locator("#call")).to_be_visible()
    expect(anna.locator("#check-open")).to_be_disabled()
    asked(site, anna, "offer_shown")


def test_check_is_offered_before_and_with_the_first_ready_of_the_day(site: Served, page: Page) -> None:
    site.do(site.desk.change, state="home", cause="Feierabend", intent="home")
    log_in(page, site.url)
    expect(page.locator("#check-offer")).to_be_visible()
    page.click("#go-ready")
    expect(page.locator("#state-name")).to_have_text("Bereit")
    expect(page.locator("#check-offer")).to_be_visible()
    page.click("#check-now")
    expect(page.locator("#check-offer")).to_be_hidden()
    page.click("#check-done")
    expect(page.locator("#check-dialog")).to_be_hidden()
    page.click("#go-home")
    expect(page.locator("#state-name")).to_have_text("Feierabend")
    expect(page.locator("#check-offer")).to_be_hidden()
    page.evaluate("() => localStorage.setItem('hotline-checked', '22.11.2026')")
    page.reload()
    expect(page.locator("#check-offer")).to_be_visible()
    page.click("#check-later")
    expect(page.locator("#check-offer")).to_be_hidden()


def test_desk_phone_has_no_microphone_here_and_rings_by_itself(site: Served, page: Page) -> None:
    site.desk.desk_phone = True
    log_in(page, site.url)
    page.click("#check-open")
    expect(page.locator("#check-microphone")).to_be_hidden()
    judged(page, "phone", "ok")
    page.click("#check-ring-now")
    expect(page.locator("#check-ring [data-part=text]")).to_contain_text("abheben")
    site.do(site.desk.change, test_ring=False)
    judged(page, "ring", "ok")


def test_whole_check_works_by_keyboard(site: Served, anna: Page) -> None:
    anna.locator("#check-open").focus()
    anna.keyboard.press("Enter")
    expect(anna.locator("#check-heading")).to_be_focused()
    for _ in range(8):
        anna.keyboard.press("Tab")
        if anna.evaluate("() => document.activeElement.id") == "check-ring-now":
            break
    anna.keyboard.press("Enter")
    expect(anna.locator("#check-ring [data-part=text]")).to_have_text("Gleich klingelt es …")
    anna.keyboard.press("Escape")
    expect(anna.locator("#check-open")).to_be_focused()
