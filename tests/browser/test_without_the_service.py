"""The service is away: the telephone goes on, calls ring without data, what is written down stays, all recovers."""

import re

from playwright.sync_api import Page, expect

from tests.browser.pictures import log_in
from tests.browser.served import Served
from tests.browser.work import answered, asked, ring, warns_before_leaving

STALE = "Der Telefonservice ist gestört: Anruf ohne Angaben."


def away(site: Served, page: Page) -> None:
    site.stop_pages()
    expect(page.locator("#connection")).to_contain_text("Verbindung unterbrochen")


def back(site: Served, page: Page) -> None:
    site.start_pages()
    expect(page.locator("#connection")).to_be_hidden()


def orphan_talking(site: Served, page: Page) -> None:
    away(site, page)
    ring(page)
    page.click("#orphan-answer")
    expect(page.locator("#orphan-hangup")).to_be_visible()


def test_telephone_stays_registered_and_the_state_is_said_to_be_fixed(site: Served, anna: Page) -> None:
    away(site, anna)
    assert anna.evaluate("() => fakeUa.started")
    expect(anna.locator("#connection")).to_contain_text("Anrufe klingeln, aber ohne Angaben")
    expect(anna.locator("#presence-note")).to_contain_text("lassen sich gerade nicht ändern. Es bleibt bei „Bereit“.")
    expect(anna.locator("#go-home")).to_have_attribute("aria-disabled", "true")
    anna.locator("#go-home").click(force=True)
    expect(anna.locator("#refusal")).to_contain_text("nicht erreichbar")
    back(site, anna)
    expect(anna.locator("#presence-note")).to_be_hidden()
    anna.click("[data-reason=Besprechung]")
    asked(site, anna, "set_intent")


def test_call_of_the_fallback_rings_after_a_moment_and_is_answered_by_keyboard(site: Served, anna: Page) -> None:
    away(site, anna)
    ring(anna)
    assert anna.locator("#orphan").is_hidden()
    expect(anna.locator("#orphan-text")).to_have_text(STALE)
    expect(anna.locator("#announce")).to_have_text(STALE)
    expect(anna).to_have_title(re.compile("Anruf ohne Angaben"))
    assert anna.locator("#call").get_attribute("data-ring-started-at")
    anna.keyboard.press("Alt+a")
    expect(anna.locator("#orphan-clock")).to_contain_text("Im Gespräch 0:0")
    expect(anna.locator("#notes-list textarea")).to_be_focused()
    anna.keyboard.press("Alt+m")
    expect(anna.locator("#orphan-mute")).to_have_attribute("aria-pressed", "true")
    anna.keyboard.press("Alt+m")
    anna.keyboard.press("Alt+u")
    expect(anna.locator("#orphan")).to_be_hidden()
    assert anna.evaluate("() => incoming.log") == ["answer", "terminate "]


def test_call_of_the_fallback_can_be_refused(site: Served, anna: Page) -> None:
    away(site, anna)
    ring(anna)
    expect(anna.locator("#orphan-answer")).to_be_visible()
    anna.keyboard.press("Alt+r")
    assert anna.evaluate("() => incoming.log") == ["terminate "]
    expect(anna.locator("#orphan")).to_be_hidden()
    expect(anna.locator("#notes")).to_be_hidden()


def test_note_survives_hang_up_reload_and_the_return_of_the_service(site: Served, anna: Page) -> None:
    orphan_talking(site, anna)
    anna.fill("#notes-list textarea", "Frau Kruse bittet um Rückruf")
    anna.click("#orphan-hangup")
    expect(anna.locator("#announce")).to_contain_text("Ihre Notiz dazu bleibt stehen")
    back(site, anna)
    expect(anna.locator("#state-name")).to_have_text("Bereit")
    anna.reload()
    note = anna.locator("#notes-list textarea")
    expect(note).to_have_value("Frau Kruse bittet um Rückruf")
    anna.context.grant_permissions(["clipboard-read", "clipboard-write"])
    anna.get_by_role("button", name=re.compile("Notiz kopieren")).click()
    expect(anna.locator("#announce")).to_have_text("Die Notiz ist kopiert.")
    assert anna.evaluate("() => navigator.clipboard.readText()") == "Frau Kruse bittet um Rückruf"


def test_note_is_removed_only_at_the_second_press(site: Served, anna: Page) -> None:
    orphan_talking(site, anna)
    anna.fill("#notes-list textarea", "Frau Kruse")
    anna.click("#orphan-hangup")
    remove = anna.get_by_role("button", name=re.compile("Notiz entfernen"))
    remove.click()
    expect(anna.locator("#notes-list textarea")).to_have_value("Frau Kruse")
    remove.click()
    expect(anna.locator("#notes")).to_be_hidden()
    assert anna.evaluate("() => sessionStorage.getItem('hotline-notes')") == "[]"


def test_each_call_has_its_own_note_and_an_empty_one_goes_with_its_call(site: Served, anna: Page) -> None:
    orphan_talking(site, anna)
    anna.fill("#notes-list textarea", "erster Anruf")
    anna.click("#orphan-hangup")
    for _ in range(2):
        expect(anna.locator("#orphan")).to_be_hidden()
        ring(anna)
        anna.click("#orphan-answer")
        expect(anna.locator("#notes-list textarea")).to_have_count(2)
        expect(anna.locator("#notes-list textarea").nth(1)).to_be_focused()
        anna.click("#orphan-hangup")
        expect(anna.locator("#notes-list textarea")).to_have_count(1)


def test_logging_out_asks_first_when_notes_would_go(site: Served, anna: Page) -> None:
    orphan_talking(site, anna)
    anna.fill("#notes-list textarea", "Frau Kruse")
    anna.click("#orphan-hangup")
    anna.click("#logout button")
    expect(anna.locator("#refusal")).to_contain_text("erst wieder, wenn der Telefonservice erreichbar ist")
    back(site, anna)
    anna.click("#logout button")
    expect(anna.locator("#refusal")).to_contain_text("Notizen")
    anna.click("#logout button")
    anna.wait_for_url("**/login")
    assert anna.evaluate("() => sessionStorage.getItem('hotline-notes')") is None


def test_call_of_the_fallback_goes_on_when_the_service_comes_back(site: Served, anna: Page) -> None:
    orphan_talking(site, anna)
    back(site, anna)
    expect(anna.locator("#orphan-hangup")).to_be_visible()
    assert anna.evaluate("() => incoming.isEstablished()")
    anna.click("#orphan-hangup")
    expect(anna.locator("#orphan")).to_be_hidden()
    site.do(site.desk.offer)
    ring(anna)
    anna.click("#answer")
    assert anna.evaluate("() => incoming.log") == ["answer"]


def test_service_that_comes_back_may_know_the_call_and_gets_its_note(site: Served, anna: Page) -> None:
    orphan_talking(site, anna)
    anna.locator("#notes-list textarea").press_sequentially("Frau Kru")
    site.do(site.desk.offer)
    site.do(site.desk.talk)
    back(site, anna)
    expect(anna.locator("#orphan")).to_be_hidden()
    expect(anna.locator("#notes")).to_be_hidden()
    anna.keyboard.type("se")
    expect(anna.locator("#field-note")).to_have_value("Frau Kruse")
    anna.click("#hangup")
    asked(site, anna, "hang_up")
    anna.reload()
    expect(anna.locator("#field-note")).to_have_value("Frau Kruse")


def test_offer_known_before_the_service_went_is_answered_with_its_pop_and_form(site: Served, anna: Page) -> None:
    site.do(site.desk.offer)
    ring(anna)
    expect(anna.locator("#answer")).to_be_enabled()
    away(site, anna)
    anna.click("#answer")
    expect(anna.locator("#call-phase")).to_have_text("Im Gespräch")
    expect(anna.locator("#orphan")).to_be_hidden()
    anna.fill("#field-note", "Miete steigt")
    anna.click("#hangup")
    anna.wait_for_function("() => incoming.log.includes('terminate ')")
    expect(anna.locator("#field-note")).to_have_value("Miete steigt")


def test_next_caller_after_a_talk_that_outlived_the_service_is_told_apart(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.fill("#field-note", "erster Anruf")
    away(site, anna)
    expect(anna.locator("#call-phase")).to_have_text("Im Gespräch")
    anna.evaluate("() => incoming.finish()")
    expect(anna.locator("#call-phase")).to_have_text("Nacharbeit")
    ring(anna)
    expect(anna.locator("#orphan-text")).to_have_text(STALE)
    expect(anna.locator("#answer")).to_be_hidden()
    anna.click("#orphan-answer")
    expect(anna.locator("#orphan-hangup")).to_be_visible()
    expect(anna.locator("#hangup")).to_be_hidden()
    anna.fill("#notes-list textarea", "zweiter Anruf")
    anna.click("#orphan-hangup")
    site.do(site.desk.wrap_up)
    back(site, anna)
    expect(anna.locator("#field-note")).to_have_value("erster Anruf")
    expect(anna.locator("#notes-list textarea")).to_have_value("zweiter Anruf")


def test_telephone_that_could_not_log_in_tries_again_by_itself(site: Served, page: Page) -> None:
    page.route("**/agent/softphone", lambda route: route.abort())
    log_in(page, site.url)
    expect(page.locator("#phone-status")).to_contain_text("nicht erreichbar")
    page.unroute("**/agent/softphone")
    expect(page.locator("#phone-status")).to_contain_text("bereit zum Klingeln")


def test_page_that_could_not_be_loaded_again_is_not_left_without_a_warning(site: Served, anna: Page) -> None:
    away(site, anna)
    expect(anna.locator("#connection")).to_contain_text("nicht neu")
    assert warns_before_leaving(anna)


def test_leaving_the_page_in_a_call_without_data_is_warned_about(site: Served, anna: Page) -> None:
    orphan_talking(site, anna)
    assert warns_before_leaving(anna)
