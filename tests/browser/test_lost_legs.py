"""A talk that breaks off: the page says so, the telephone is free at once, and the call comes back with its draft."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.served import Served
from tests.browser.work import answered, ring, warns_before_leaving

LOST = "Die Verbindung ist abgebrochen. Ihr Anrufer hört Musik und wird gleich wieder durchgestellt."


def test_reload_in_a_talk_registers_again_shows_the_loss_and_gets_the_call_back(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.fill("#field-note", "Miete steigt")
    anna.on("dialog", lambda dialog: dialog.accept())
    site.do(site.desk.lose)
    anna.reload()
    expect(anna.locator("#situation-text")).to_have_text(LOST)
    expect(anna.locator("#announce")).to_have_text(LOST)
    expect(anna.locator("#call-clock")).to_contain_text("noch 0:")
    expect(anna.locator("#state-name")).to_have_text("Gespräch unterbrochen")
    expect(anna.locator("#field-note")).to_have_value("Miete steigt")
    expect(anna.locator("#dispose")).to_be_hidden()
    expect(anna.locator("#phone-status")).to_contain_text("bereit zum Klingeln")
    site.do(site.desk.change_call, phase="offered", offer_id="offer-2", lost_until=None)
    ring(anna)
    anna.click("#answer")
    site.do(site.desk.talk)
    expect(anna.locator("#situation")).to_be_hidden()
    expect(anna.locator("#field-note")).to_have_value("Miete steigt")


@pytest.mark.parametrize("lost_was_seen", [True, False])
def test_telephone_that_holds_on_to_a_dead_leg_lets_it_go(site: Served, anna: Page, lost_was_seen: bool) -> None:
    answered(site, anna)
    anna.evaluate("() => { window.dead = incoming }")
    if lost_was_seen:
        site.do(site.desk.lose)
        anna.wait_for_function("() => dead.log.includes('terminate ')")
    site.do(site.desk.change_call, phase="offered", offer_id="offer-2")
    anna.wait_for_function("() => dead.log.includes('terminate ')")
    ring(anna)
    anna.click("#answer")
    assert anna.evaluate("() => incoming.log") == ["answer"]


def test_page_that_is_left_says_goodbye_so_that_the_loss_is_known_at_once(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.evaluate("() => incoming.on('ended', () => sessionStorage.setItem('test-log', incoming.log))")
    anna.on("dialog", lambda dialog: dialog.accept())
    anna.reload()
    assert anna.evaluate("() => sessionStorage.getItem('test-log')") == "answer,terminate "


def test_page_that_is_left_while_the_service_is_away_leaves_the_talk_to_asterisk(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.evaluate("() => incoming.on('ended', () => sessionStorage.setItem('test-log', incoming.log))")
    site.stop_pages()
    expect(anna.locator("#connection")).to_be_visible()
    anna.evaluate("() => { dispatchEvent(new Event('beforeunload')); dispatchEvent(new Event('pagehide')) }")
    assert anna.evaluate("() => incoming.log") == ["answer"]


def test_leaving_the_page_while_the_caller_waits_to_come_back_is_warned_about(site: Served, anna: Page) -> None:
    answered(site, anna)
    site.do(site.desk.lose)
    expect(anna.locator("#situation-text")).to_have_text(LOST)
    assert warns_before_leaving(anna)


def test_telephone_that_asterisk_cannot_ring_registers_anew(site: Served, anna: Page) -> None:
    anna.evaluate("() => { window.before = fakeUa }")
    site.do(site.desk.change, registered=False)
    anna.wait_for_function("() => window.fakeUa && fakeUa !== before && fakeUa.started")
    assert not anna.evaluate("() => before.started")
