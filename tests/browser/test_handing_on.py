"""Handing a caller on: whom the dialog offers, what goes along, who is with whom meanwhile, all by keyboard too."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pictures import log_in
from tests.browser.served import Served
from tests.browser.work import answered, asked, ring, warns_before_leaving
from tests.unit.doubles_web import example_handed, example_targets, refusing

TO_BEN = {"how": "consult", "kind": "agent", "target": "Ben Brinkmann"}


def transfer(site: Served, state: str, why: str | None = None, **changes: Any) -> None:
    site.do(site.desk.change_call, transfer={**TO_BEN, "state": state, "why": why, **changes})


def situation(page: Page, text: str) -> None:
    """Shown and read out."""
    expect(page.locator("#situation-text")).to_have_text(text)
    expect(page.locator("#announce")).to_have_text(text)


# --- the dialog


def test_dialog_offers_who_is_there_and_says_why_the_others_are_not(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.click("#transfer-open")
    expect(anna.get_by_role("dialog", name="Anruf verbinden")).to_be_visible()
    expect(anna.get_by_role("radio", name="Ben Brinkmann bereit")).to_be_enabled()
    for who in ("Carla Cordes im Gespräch", "David Demir Besprechung", "Elif Ebeling Feierabend"):
        expect(anna.get_by_role("radio", name=who)).to_be_disabled()
    expect(anna.get_by_role("radio", name="Frau Falke 05721 9831")).to_be_enabled()
    expect(anna.locator("#transfer-number")).to_be_visible()


def test_dialog_without_numbers_and_case_workers_leaves_them_out(site: Served, anna: Page) -> None:
    answered(site, anna)
    site.do(site.desk.change, transfer_targets={**example_targets(), "case_workers": [], "numbers": False})
    anna.click("#transfer-open")
    expect(anna.locator("#transfer-workers-part")).to_be_hidden()
    expect(anna.locator("#transfer-number")).to_be_hidden()


def test_question_is_put_by_keyboard_alone_and_takes_along_what_was_typed(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.fill("#field-note", "Miete steigt")
    anna.check("[name=outcome][value=forwarded]")
    anna.fill("#field-new_rent", "612,50")
    anna.keyboard.press("Alt+v")
    expect(anna.get_by_role("radio", name=re.compile("Ben"))).to_be_focused()
    anna.keyboard.press("Space")
    anna.keyboard.press("Tab")  # a disabled colleague cannot be reached
    expect(anna.locator("#transfer-number")).to_be_focused()
    anna.keyboard.press("Tab")
    anna.keyboard.type("Gilt das auch für Garagen?")
    anna.keyboard.press("Tab")
    expect(anna.get_by_role("button", name="Rückfrage")).to_be_focused()
    anna.keyboard.press("Enter")
    (wish,) = asked(site, anna, "transfer")
    assert wish[3:7] == ("consult", "agent", "ben", "Gilt das auch für Garagen?")
    values = {"note": "Miete steigt", "new_rent": "612,50", "phone": "05722 123456", "household_number": "31402123456"}
    assert wish[7] == values
    expect(anna.locator("#transfer-dialog")).to_be_hidden()
    situation(anna, "Rückfrage bei Ben Brinkmann: Es klingelt. Der Anrufer hört Musik.")


def test_number_is_dialled_at_once_and_typing_chooses_it(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.click("#transfer-open")
    anna.fill("#transfer-number", "05721 9831")
    anna.get_by_role("button", name="Direkt verbinden").click()
    (wish,) = asked(site, anna, "transfer")
    assert wish[3:6] == ("blind", "number", "05721 9831")
    situation(anna, "Der Anrufer wird mit 05721 9831 verbunden.")


def test_dialog_says_what_is_missing_or_refused_and_stays_open(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.click("#transfer-open")
    anna.get_by_role("button", name="Rückfrage").click()
    expect(anna.locator("#transfer-problem")).to_contain_text("Bitte wählen Sie")
    anna.check("#transfer-to-number")
    anna.get_by_role("button", name="Rückfrage").click()
    expect(anna.locator("#transfer-problem")).to_contain_text("Bitte eine Rufnummer eingeben")
    site.desk.refusal = refusing("Frau Falke telefoniert gerade.")
    anna.get_by_role("radio", name=re.compile("Falke")).check()
    anna.get_by_role("button", name="Rückfrage").click()
    expect(anna.locator("#transfer-problem")).to_have_text("Frau Falke telefoniert gerade.")
    expect(anna.locator("#transfer-dialog")).to_be_visible()


def test_escape_leaves_everything_as_it_was(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.locator("#transfer-open").focus()
    anna.keyboard.press("Enter")
    anna.keyboard.press("Escape")
    expect(anna.locator("#transfer-dialog")).to_be_hidden()
    expect(anna.locator("#transfer-open")).to_be_focused()
    assert not [ask for ask in site.desk.asked if ask[0] == "transfer"]


def test_colleague_who_becomes_busy_cannot_be_chosen_any_more(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.click("#transfer-open")
    anna.get_by_role("radio", name=re.compile("Ben")).check()
    targets = example_targets()
    targets["agents"][0] |= {"state": "talking", "cause": "im Gespräch", "available": False}
    site.do(site.desk.change, transfer_targets=targets)
    ben = anna.get_by_role("radio", name="Ben Brinkmann im Gespräch")
    expect(ben).to_be_disabled()
    expect(ben).not_to_be_checked()


def test_dialog_goes_with_the_call(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.click("#transfer-open")
    anna.evaluate("() => incoming.finish()")
    site.do(site.desk.wrap_up)
    expect(anna.locator("#transfer-dialog")).to_be_hidden()
    expect(anna.locator("#transfer-open")).to_be_hidden()


def test_caller_on_hold_is_taken_off_hold_first(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.click("#hold")
    anna.click("#transfer-open")
    anna.get_by_role("radio", name=re.compile("Ben")).check()
    anna.get_by_role("button", name="Rückfrage").click()
    asked(site, anna, "transfer")
    assert not anna.evaluate("() => incoming.onHold")


# --- the agent who asks


def test_consultation_is_completed_by_keyboard(site: Served, anna: Page) -> None:
    answered(site, anna)
    transfer(site, "ringing")
    expect(anna.locator("#transfer-complete")).to_be_hidden()
    transfer(site, "talking")
    situation(anna, "Rückfrage bei Ben Brinkmann: Sie sprechen miteinander. Der Anrufer hört Musik.")
    expect(anna.locator("#call-phase")).to_have_text("Rückfrage")
    for button in ("#hangup", "#hold", "#transfer-open"):
        expect(anna.locator(button)).to_be_hidden()
    anna.keyboard.press("Alt+v")
    asked(site, anna, "complete_transfer")
    expect(anna.locator("#situation")).to_be_hidden()


@pytest.mark.parametrize("state", ["ringing", "talking"])
def test_caller_is_taken_back_at_any_time(site: Served, anna: Page, state: str) -> None:
    answered(site, anna)
    transfer(site, state)
    expect(anna.locator("#transfer-back")).to_be_visible()
    anna.locator("#transfer-back").focus()
    anna.keyboard.press("Alt+z")
    asked(site, anna, "take_back")
    expect(anna.locator("#situation")).to_be_hidden()
    expect(anna.locator("#hangup")).to_be_visible()
    expect(anna.locator("#transfer-open")).to_be_focused()


def test_target_that_does_not_answer_is_named_and_the_talk_goes_on(site: Served, anna: Page) -> None:
    answered(site, anna)
    transfer(site, "ringing")
    transfer(site, "failed", "Ben Brinkmann hat nicht abgenommen.")
    situation(anna, "Ben Brinkmann hat nicht abgenommen. Sie sprechen wieder mit dem Anrufer.")
    for button in ("#hangup", "#hold", "#transfer-open"):
        expect(anna.locator(button)).to_be_visible()
    expect(anna.locator("#call-phase")).to_have_text("Im Gespräch")


def test_caller_who_hangs_up_during_the_question_leaves_only_the_colleague(site: Served, anna: Page) -> None:
    answered(site, anna)
    transfer(site, "talking")
    site.do(site.desk.change_call, caller_gone=True)
    situation(anna, "Rückfrage bei Ben Brinkmann: Der Anrufer hat inzwischen aufgelegt.")
    expect(anna.locator("#transfer-complete")).to_be_hidden()
    expect(anna.locator("#hangup")).to_be_visible()


def test_blind_transfer_that_fails_comes_back_with_a_reason(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.evaluate("() => incoming.finish()")
    site.do(site.desk.lose)
    transfer(site, "failed", "Ben Brinkmann hat nicht abgenommen.", how="blind")
    back = "Ben Brinkmann hat nicht abgenommen. Ihr Anrufer hört Musik und wird gleich wieder durchgestellt."
    situation(anna, back)
    site.do(site.desk.change_call, phase="offered", offer_id="offer-2")
    expect(anna.locator("#situation-text")).to_have_text(
        "Ben Brinkmann hat nicht abgenommen. Ihr Anrufer kommt zu Ihnen zurück."
    )
    site.do(site.desk.wrap_up)
    expect(anna.locator("#situation")).to_be_hidden()


# --- the agent who is asked


def asked_by_ben(site: Served, page: Page, **handed: Any) -> None:
    site.do(site.desk.offer, handed={**example_handed(), **handed}, identity="birth_date_and_address")
    ring(page)


def test_pop_of_a_question_shows_who_asks_and_what_was_already_asked(site: Served, anna: Page) -> None:
    asked_by_ben(site, anna)
    expect(anna.locator("#call-phase")).to_have_text("Rückfrage von Ben Brinkmann klingelt")
    expect(anna.locator("#announce")).to_have_text("Rückfrage von Ben Brinkmann: Mietkosten, Nummer 05722 123456.")
    expect(anna).to_have_title(re.compile("Rückfrage von Ben Brinkmann: Mietkosten"))
    card = anna.locator("#handed")
    expect(card).to_contain_text("Geht es auch ohne Nebenkosten?")
    for shown in ("Familienname", "Kruse", "Rinteln", "Neue Warmmiete in Euro", "612,50", "01.12.2026"):
        expect(card).to_contain_text(shown)
    expect(card).not_to_contain_text("31402123456")


def test_asked_agent_answers_hears_about_the_caller_and_gets_the_call_with_its_form(site: Served, anna: Page) -> None:
    asked_by_ben(site, anna)
    anna.keyboard.press("Alt+a")
    site.do(site.desk.consulted)
    held = "Rückfrage von Ben Brinkmann: Sie sprechen miteinander. Der Anrufer wird gehalten und hört Musik."
    situation(anna, held)
    for button in ("#dispose", "#hold", "#transfer-open", "#type-form", "#identity-form"):
        expect(anna.locator(button)).to_be_hidden()
    expect(anna.locator("#hangup")).to_be_visible()
    site.do(site.desk.talk)
    expect(anna.locator("#announce")).to_have_text("Sie sprechen jetzt mit dem Anrufer.")
    expect(anna.locator("#handed-heading")).to_have_text("Übergeben von Ben Brinkmann")
    expect(anna.locator("#identity-done")).to_have_text("✓ Geprüft: Geburtsdatum und Anschrift (von Ben Brinkmann)")
    anna.check("[name=outcome][value=forwarded]")
    for key, value in {"note": "Miete steigt zum Dezember.", **{"family_name": "Kruse", "new_rent": "612,50"}}.items():
        expect(anna.locator(f"#field-{key}")).to_have_value(value)
    expect(anna.locator("#field-office")).to_have_value("rinteln")
    expect(anna.locator("#field-from_date")).to_have_value("2026-12-01")
    expect(anna.locator("#dispose")).to_be_visible()


def test_what_the_asked_agent_typed_wins_over_what_was_handed(site: Served, anna: Page) -> None:
    asked_by_ben(site, anna, values={})
    anna.click("#answer")
    site.do(site.desk.consulted)
    anna.fill("#field-note", "eigene Notiz")
    site.do(site.desk.change_call, handed={**example_handed(), "values": {"note": "fremde Notiz"}})
    site.do(site.desk.talk)
    expect(anna.locator("#field-note")).to_have_value("eigene Notiz")


def test_own_identity_check_is_not_credited_to_the_agent_before(site: Served, anna: Page) -> None:
    site.do(site.desk.offer, handed=example_handed())
    ring(anna)
    anna.click("#answer")
    site.do(site.desk.talk)
    anna.select_option("#identity-how", "called_back")
    anna.click("#identity-form button")
    expect(anna.locator("#identity-done")).to_have_text("✓ Geprüft: Rückruf unter bekannter Nummer")


def test_blind_handover_is_called_one(site: Served, anna: Page) -> None:
    asked_by_ben(site, anna, how="blind", note="", values={})
    expect(anna.locator("#call-phase")).to_have_text("Übergabe von Ben Brinkmann klingelt")
    expect(anna.locator("#handed-none")).to_be_visible()


def test_asked_agent_learns_that_the_caller_is_gone(site: Served, anna: Page) -> None:
    asked_by_ben(site, anna)
    anna.click("#answer")
    site.do(site.desk.consulted, caller_gone=True)
    situation(anna, "Rückfrage von Ben Brinkmann: Der Anrufer hat inzwischen aufgelegt.")


def test_leaving_the_page_during_a_question_is_warned_about(site: Served, anna: Page) -> None:
    asked_by_ben(site, anna)
    anna.click("#answer")
    site.do(site.desk.consulted)
    expect(anna.locator("#situation")).to_be_visible()
    assert warns_before_leaving(anna)


def test_desk_phone_page_hands_on_and_is_asked_without_a_telephone_of_its_own(site: Served, page: Page) -> None:
    site.desk.desk_phone = True
    log_in(page, site.url)
    site.do(site.desk.offer, handed=example_handed())
    expect(page.locator("#call-hint")).to_have_text("Bitte am Telefon abheben.")
    expect(page.locator("#handed")).to_contain_text("Kruse")
    site.do(site.desk.talk)
    page.click("#transfer-open")
    page.get_by_role("radio", name=re.compile("Ben")).check()
    page.get_by_role("button", name="Rückfrage").click()
    asked(site, page, "transfer")
