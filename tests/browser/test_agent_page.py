"""The agent's page in a real browser: the pop before the ring, nothing lost, the truth after every interruption."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.pictures import log_in
from tests.browser.served import Served
from tests.browser.work import answered, asked, ring, warns_before_leaving
from tests.unit.doubles_web import example_callbacks, moment, refusing

# --- the pop and the ring


@pytest.mark.parametrize("invite_first", [True, False], ids=["invite before pop", "pop before invite"])
def test_pop_is_rendered_and_acknowledged_before_it_rings(site: Served, anna: Page, invite_first: bool) -> None:
    if invite_first:
        ring(anna)
        assert anna.locator("#call").get_attribute("data-ring-started-at") is None
        site.do(site.desk.offer)
    else:
        site.do(site.desk.offer)
        expect(anna.locator("#call[data-pop-rendered-at]")).to_be_visible()
        expect(anna.locator("#answer")).to_be_disabled()
        ring(anna)
    expect(anna.locator("#answer")).to_be_enabled()
    rendered, rang = (
        float(anna.locator("#call").get_attribute(f"data-{mark}") or "nan")
        for mark in ("pop-rendered-at", "ring-started-at")
    )
    assert rendered <= rang
    assert asked(site, anna, "offer_shown") == [("offer_shown", "anna", "offer-1")]


def test_pop_shows_who_calls_about_what(site: Served, anna: Page) -> None:
    site.do(site.desk.offer)
    expect(anna.locator("#call-type")).to_have_text("Mietkosten")
    expect(anna.locator("#call-caller")).to_have_text("05722 123456")
    expect(anna.locator("#call")).to_contain_text("31402123456")
    expect(anna.locator("#call")).to_contain_text("Schreiben des Vermieters nachreichen lassen.")
    expect(anna.locator("#announce")).to_have_text("Anruf: Mietkosten, Nummer 05722 123456.")
    expect(anna).to_have_title(re.compile("Anruf: Mietkosten"))


def test_withheld_number_is_named_as_such(site: Served, anna: Page) -> None:
    site.do(site.desk.offer, caller=None, household_number=None)
    expect(anna.locator("#call-caller")).to_have_text("unterdrückt")
    expect(anna.locator("#call-household")).to_have_text("nicht eingegeben")


def test_call_without_a_pop_still_rings_after_a_moment(site: Served, anna: Page) -> None:
    ring(anna)
    anna.click("#orphan-answer")
    assert anna.evaluate("() => incoming.log") == ["answer"]


def test_second_call_at_once_is_refused_by_the_telephone(site: Served, anna: Page) -> None:
    answered(site, anna)
    assert anna.evaluate("() => fakeUa.ring().log") == ["terminate 486"]


# --- the call


def test_answer_mute_hold_and_hang_up_by_keyboard(site: Served, anna: Page) -> None:
    site.do(site.desk.offer)
    ring(anna)
    expect(anna.locator("#answer")).to_be_enabled()
    anna.keyboard.press("Alt+a")
    site.do(site.desk.talk)
    expect(anna.locator("#hold")).to_be_visible()
    for key, button in (("Alt+m", "#mute"), ("Alt+h", "#hold")):
        anna.keyboard.press(key)
        expect(anna.locator(button)).to_have_attribute("aria-pressed", "true")
        anna.keyboard.press(key)
        expect(anna.locator(button)).to_have_attribute("aria-pressed", "false")
    anna.keyboard.press("Alt+n")
    expect(anna.locator("#field-note")).to_be_focused()
    anna.keyboard.press("Alt+u")
    asked(site, anna, "hang_up")
    anna.evaluate("() => incoming.finish()")  # as Asterisk does when the service has it hung up
    site.do(site.desk.wrap_up)
    expect(anna.locator("#state-name")).to_have_text("Nacharbeit")
    assert anna.evaluate("() => incoming.log") == ["answer"]


def test_telephone_hangs_up_by_itself_when_the_service_does_not(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.click("#hangup")
    asked(site, anna, "hang_up")  # and then nothing happens
    anna.wait_for_function("() => incoming.log.includes('terminate ')")


def test_telephone_hangs_up_at_once_when_the_service_is_away(site: Served, anna: Page) -> None:
    answered(site, anna)
    site.stop_pages()
    anna.evaluate(
        """() => {
            document.getElementById("hangup").addEventListener("click", () => { window.began = performance.now() });
            incoming.on("ended", () => { window.ended = performance.now() });
        }"""
    )
    anna.click("#hangup")
    anna.wait_for_function("() => window.ended !== undefined")
    assert anna.evaluate("() => ended - began") < 1000


def test_reject_stops_the_ring_and_tells_the_desk(site: Served, anna: Page) -> None:
    site.do(site.desk.offer)
    ring(anna)
    anna.click("#reject")
    asked(site, anna, "reject")
    expect(anna.locator("#state-name")).to_have_text("Nicht bereit")
    expect(anna.locator("#state-cause")).to_contain_text("Anruf abgelehnt")
    expect(anna.locator("#go-ready")).to_have_text("Wieder bereit")
    expect(anna.locator("#call")).to_be_hidden()


def test_hang_up_is_left_to_the_service_when_the_leg_is_not_in_this_tab(site: Served, anna: Page) -> None:
    site.do(site.desk.offer)
    site.do(site.desk.talk)
    anna.click("#hangup")
    asked(site, anna, "hang_up")


def test_desk_phone_page_works_without_a_telephone_of_its_own(site: Served, page: Page) -> None:
    site.desk.desk_phone = True
    log_in(page, site.url)
    site.do(site.desk.offer)
    expect(page.locator("#call-hint")).to_have_text("Bitte am Telefon abheben.")
    expect(page.locator("#answer")).to_be_hidden()
    asked(site, page, "offer_shown")
    site.do(site.desk.talk)
    page.click("#hangup")
    asked(site, page, "hang_up")


def test_leaving_the_page_in_a_call_is_warned_about(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.locator("#field-note").click()
    with anna.expect_event("dialog") as warning:
        anna.close(run_before_unload=True)
    assert warning.value.type == "beforeunload"
    warning.value.dismiss()
    anna.evaluate("() => new Promise(requestAnimationFrame)")  # the browser is through with the dialog
    assert warns_before_leaving(anna)
    anna.evaluate("() => incoming.finish()")
    site.do(site.desk.release)
    expect(anna.locator("#call")).to_be_hidden()
    assert not warns_before_leaving(anna)


# --- nothing is lost


def test_what_is_typed_survives_updates_and_reload(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.locator("#field-note").press_sequentially("Miete ")
    anna.check("[name=outcome][value=forwarded]")
    anna.fill("#field-new_rent", "612,50")
    anna.locator("#field-note").focus()
    for number in range(5):
        site.do(site.desk.change, cause=f"Nummer {number}")
        expect(anna.locator("#state-cause")).to_have_text(f"Nummer {number}")
        anna.keyboard.type("x")
    expect(anna.locator("#field-note")).to_be_focused()
    expect(anna.locator("#field-note")).to_have_value("Miete xxxxx")
    anna.on("dialog", lambda dialog: dialog.accept())
    anna.reload()
    expect(anna.locator("#field-note")).to_have_value("Miete xxxxx")
    expect(anna.locator("[name=outcome][value=forwarded]")).to_be_checked()
    expect(anna.locator("#field-new_rent")).to_have_value("612,50")
    expect(anna.locator("#call-type")).to_have_text("Mietkosten")


def test_corrected_type_keeps_the_note_and_shows_its_own_fields(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.fill("#field-note", "zieht um")
    anna.check("[name=outcome][value=forwarded]")
    anna.select_option("#type", "household")
    anna.click("#type-form button")
    expect(anna.locator("#call-type")).to_have_text("Bedarfsgemeinschaft")
    expect(anna.locator("#field-change")).to_be_visible()
    expect(anna.locator("#field-new_rent")).to_have_count(0)
    expect(anna.locator("#field-note")).to_have_value("zieht um")


def test_draft_of_one_call_never_shows_up_in_the_next(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.fill("#field-note", "nur für diesen Anruf")
    anna.evaluate("() => incoming.finish()")
    site.do(site.desk.release)
    site.do(site.desk.offer, "offer-2")
    site.do(site.desk.talk)
    expect(anna.locator("#field-note")).to_have_value("")


def test_page_finds_back_after_the_service_was_away(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.fill("#field-note", "bleibt stehen")
    site.stop_pages()
    expect(anna.locator("#connection")).to_contain_text("Verbindung unterbrochen")
    site.start_pages()
    site.do(site.desk.wrap_up)
    expect(anna.locator("#connection")).to_be_hidden()
    expect(anna.locator("#state-name")).to_have_text("Nacharbeit")
    expect(anna.locator("#field-note")).to_have_value("bleibt stehen")


def test_silent_connection_is_noticed(site: Served, anna: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hotline.web.events.BEAT_SECONDS", 3600.0)
    anna.reload()
    expect(anna.locator("body")).to_have_attribute("data-connected", "true")
    expect(anna.locator("#connection")).to_contain_text("Verbindung unterbrochen", timeout=20_000)


def test_logging_out_waits_for_the_end_of_the_talk_and_keeps_the_draft(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.fill("#field-note", "bleibt")
    anna.click("#logout button")
    expect(anna.locator("#refusal")).to_contain_text("Bitte beenden Sie erst das Gespräch")
    assert "bleibt" in anna.evaluate("() => JSON.stringify({...sessionStorage})")


def test_session_that_ended_leads_to_the_login(site: Served, anna: Page) -> None:
    site.accounts.sessions.clear()
    anna.click("#go-home")
    anna.wait_for_url("**/login")


# --- after the talk


def test_forwarding_asks_for_what_is_missing_and_then_shows_the_receipt(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.evaluate("() => incoming.finish()")
    site.do(site.desk.wrap_up)
    expect(anna.locator("#call-clock")).to_contain_text("noch")
    anna.check("[name=outcome][value=forwarded]")
    expect(anna.locator("#field-household_number")).to_have_value("31402123456")
    expect(anna.locator("#field-phone")).to_have_value("05722 123456")
    anna.click("#dispose")
    expect(anna.locator("#error-family_name")).to_have_text("Bitte ausfüllen.")
    expect(anna.locator("#error-new_rent")).to_be_visible()
    expect(anna.locator("#field-family_name")).to_be_focused()
    fill = {"family_name": "Kruse", "given_name": "Sabine", "best_time": "vormittags", "new_rent": "612,50"}
    for key, value in fill.items():
        anna.fill(f"#field-{key}", value)
    anna.fill("#field-from_date", "2026-12-01")
    anna.select_option("#field-office", "rinteln")
    anna.fill("#field-note", "Miete steigt")
    anna.click("#dispose")
    expect(anna.locator("#receipt-number")).to_have_text("26-4821-7305")
    expect(anna.locator("#receipt")).to_contain_text("Frau Falke")
    sent = asked(site, anna, "dispose")[-1][4]
    expected = {"office": "rinteln", "from_date": "2026-12-01", "note": "Miete steigt", **fill}
    assert expected.items() <= sent.items()
    anna.reload()
    expect(anna.locator("#receipt-number")).to_have_text("26-4821-7305")
    anna.click("#receipt-done")
    expect(anna.locator("#receipt")).to_be_hidden()
    stored = anna.evaluate("() => JSON.stringify({...sessionStorage})")
    assert "Kruse" not in stored


def test_settled_call_needs_only_one_choice(site: Served, anna: Page) -> None:
    answered(site, anna)
    site.do(site.desk.wrap_up)
    anna.click("#dispose")
    expect(anna.locator("#error-outcome")).to_be_visible()
    anna.check("[name=outcome][value=settled]")
    anna.click("#dispose")
    expect(anna.locator("#receipt-heading")).to_have_text("Festgehalten: Erledigt")
    assert asked(site, anna, "dispose")[-1][3:] == ("settled", {"note": ""}, 1, False)


def test_receipt_of_the_last_call_makes_room_for_the_next_pop(site: Served, anna: Page) -> None:
    test_settled_call_needs_only_one_choice(site, anna)
    site.do(site.desk.offer, "offer-2")
    expect(anna.locator("#call")).to_be_visible()
    expect(anna.locator("#receipt")).to_be_hidden()


def test_wrap_up_can_be_extended_and_says_when_time_is_up(site: Served, anna: Page) -> None:
    answered(site, anna)
    site.do(site.desk.wrap_up, -1)
    expect(anna.locator("#call-clock")).to_contain_text("Zeit ist um")
    anna.click("#extend")
    expect(anna.locator("#call-clock")).to_contain_text("noch")


def test_history_is_shown_only_after_the_identity_tick(site: Served, anna: Page) -> None:
    answered(site, anna)
    expect(anna.locator("#history")).to_be_hidden()
    anna.select_option("#identity-how", "called_back")
    anna.click("#identity-form button")
    expect(anna.locator("#identity-done")).to_contain_text("Rückruf unter bekannter Nummer")
    expect(anna.locator("#history")).to_contain_text("Nebenkostenabrechnung kommt per Post.")
    expect(anna.locator("#history")).to_contain_text("26-1177-3042")


# --- state, callbacks, tabs


def test_pause_with_reason_and_back(site: Served, anna: Page) -> None:
    anna.click("[data-reason=Besprechung]")
    expect(anna.locator("#state")).to_have_attribute("data-state", "pause")
    expect(anna.locator("#state-cause")).to_have_text("Besprechung")
    expect(anna.locator("[data-reason=Besprechung]")).to_have_attribute("aria-pressed", "true")
    anna.keyboard.press("Alt+b")
    expect(anna.locator("#state-name")).to_have_text("Bereit")


def test_refusal_is_shown_in_words(site: Served, anna: Page) -> None:
    site.desk.refusal = refusing("Es warten noch 3 Anrufe.")
    anna.click("#go-home")
    expect(anna.locator("#refusal")).to_have_text("Es warten noch 3 Anrufe.")


def test_callback_is_taken_and_finished_and_its_note_survives_updates(site: Served, anna: Page) -> None:
    site.do(site.desk.change, callbacks=example_callbacks())
    expect(anna.locator(".callback").nth(1)).to_contain_text("Übernommen von Ben Brinkmann.")
    anna.click("text=Übernehmen >> visible=true")
    note = anna.locator(".callback textarea").first
    note.fill("nach Miete gefragt")
    site.do(site.desk.change, since=moment())
    expect(note).to_have_value("nach Miete gefragt")
    anna.locator(".callback form button").first.click()
    asked(site, anna, "finish_callback")
    assert site.desk.asked[-1] == ("finish_callback", "anna", "7", "reached", "nach Miete gefragt")
    expect(anna.locator(".callback")).to_have_count(1)


def test_only_one_tab_owns_the_telephone_and_another_can_take_it(
    site: Served, anna: Page, context: BrowserContext
) -> None:
    second = context.new_page()
    second.goto(f"{site.url}/agent")
    expect(second.locator("#phone-status")).to_have_text("Telefon ist in einem anderen Fenster.")
    assert second.evaluate("() => window.fakeUa") is None
    site.do(site.desk.offer)
    expect(second.locator("#call-hint")).to_contain_text("in einem anderen Fenster")
    expect(second.locator("#answer")).to_be_hidden()
    site.do(site.desk.release)
    second.click("#phone-take")
    expect(second.locator("#phone-status")).to_contain_text("bereit zum Klingeln")
    expect(anna.locator("#phone-status")).to_have_text("Telefon ist in einem anderen Fenster.")
    assert anna.evaluate("() => window.fakeUa") is None
    second.close()
    expect(anna.locator("#phone-status")).to_contain_text("bereit zum Klingeln")


def test_tab_in_a_call_keeps_the_telephone(site: Served, anna: Page, context: BrowserContext) -> None:
    answered(site, anna)
    second = context.new_page()
    second.goto(f"{site.url}/agent")
    second.click("#phone-take")
    expect(second.locator("#phone-status")).to_have_text("Im anderen Fenster läuft ein Gespräch.")
    assert anna.evaluate("() => incoming.isEstablished()")


def test_request_without_a_responsible_person_is_warned_about(site: Served, anna: Page) -> None:
    done = {"outcome": "forwarded", "receipt": "26-4821-7305", "due": "Dienstag", "responsible": "Team Telefon"}
    answered(site, anna)
    site.do(site.desk.change_call, disposed={**done, "rule": "keine Regel", "team": True})
    expect(anna.locator("#receipt-team")).to_contain_text("gemeinsame Postfach")
    site.do(site.desk.change_call, disposed={**done, "rule": "A–K", "team": False})
    expect(anna.locator("#receipt-team")).to_be_hidden()
