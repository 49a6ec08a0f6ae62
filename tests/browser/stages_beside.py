"""States of the agent's page beside the telephone itself, for pictures and for axe-core."""

from playwright.sync_api import Page

from tests.browser.served import Served
from tests.unit.doubles_beside import example_note, example_threat, shared_history


def _talk(site: Served, page: Page) -> None:
    page.wait_for_function("() => window.fakeUa?.started")
    site.do(site.desk.offer, people=2)
    page.evaluate("() => { window.incoming = fakeUa.ring() }")
    page.wait_for_selector("#answer:not([disabled])")
    page.click("#answer")
    site.do(site.desk.talk)
    page.wait_for_selector("#hold:not([hidden])")


def checking(site: Served, page: Page) -> None:
    """The check before the shift: the fake microphone is heard, nobody has confirmed the tone yet."""
    page.click("#check-open")
    page.wait_for_selector("#check-microphone[data-verdict=ok]")
    page.wait_for_selector("#check-service[data-verdict=ok]")
    page.click("#check-tone")


def checking_fails(site: Served, page: Page) -> None:
    site.do(site.desk.change, state="home", intent="home")
    page.wait_for_selector("#check-offer:not([hidden])")
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError') } }"
    )
    page.click("#check-now")
    page.wait_for_selector("#check-microphone[data-verdict=bad]")
    page.click("#check-tone")
    page.click("#check-not-heard")


def check_offered(site: Served, page: Page) -> None:
    site.do(site.desk.change, state="home", cause="Feierabend", intent="home")
    page.wait_for_selector("#check-offer:not([hidden])")
    page.click(".sound-settings summary")


def silent_ring(site: Served, page: Page) -> None:
    """The ring is switched off for today: it must be seen."""
    page.click(".sound-settings summary")
    page.select_option("#quiet", "off")
    page.click(".sound-settings summary")
    page.wait_for_function("() => window.fakeUa?.started")
    site.do(site.desk.offer)
    page.evaluate("() => { window.incoming = fakeUa.ring() }")
    page.wait_for_selector("#silent-ring:not([hidden])")


def shared_number(site: Served, page: Page) -> None:
    """Two people call from one number; a note of knowledge beside the guide."""
    _talk(site, page)
    history = {"identity": "birth_date_and_address", "history": shared_history()}
    site.do(site.desk.change_call, **history)
    site.do(site.desk.change, knowledge=example_note())
    page.wait_for_selector("#knowledge:not([hidden])")


def held_long(site: Served, page: Page) -> None:
    _talk(site, page)
    page.click("#mute")
    page.click("#hold")
    page.evaluate("() => { const real = performance.now.bind(performance); performance.now = () => real() + 75_000 }")
    page.wait_for_selector("#hold-line.long")
    page.wait_for_selector("#connection", state="hidden")


def keypad(site: Served, page: Page) -> None:
    _talk(site, page)
    page.click("#keypad-open")
    page.keyboard.type("12#")


def threat_armed(site: Served, page: Page) -> None:
    _talk(site, page)
    page.click("#threat")


def threatened(site: Served, page: Page) -> None:
    _talk(site, page)
    site.do(site.desk.change, threat=example_threat("Lea Leitung"))
    page.wait_for_selector("#threat-panel:not([hidden])")


BESIDE = [
    *(check_offered, checking, checking_fails, silent_ring, shared_number),
    *(held_long, keypad, threat_armed, threatened),
]
