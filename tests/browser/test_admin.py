"""The admin's pages in a real browser: a change is drafted, checked, tried out, put in force and taken back."""

import wave
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from config.loading import parse
from config.schema import HotlineConfig
from hotline.changing.model import Activated, NewAccount
from hotline.errors import SetupError
from tests.browser.admin_pictures import changing, hold, log_in_admin, release, show
from tests.browser.served import LIMIT, Served
from tests.unit.doubles_admin import example_warning
from tests.unit.doubles_prompts import FakePrompts

LONG = 20_000
"""Milliseconds: the whole file is read and checked for each edit."""


@pytest.fixture
def admin(site: Served, page: Page) -> Page:
    log_in_admin(site, page)
    return page


def draft(site: Served) -> HotlineConfig:
    kept = changing(site).kept
    assert kept is not None
    return parse(kept.text, "draft")


def saved(page: Page, words: str) -> None:
    expect(page.locator("#saved")).to_contain_text(words, timeout=LONG)
    expect(page.locator("#saved")).to_be_focused()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_next_friday_afternoon_is_closed_with_two_presses_and_a_reason(site: Served, admin: Page) -> None:
    show(site, admin, "/admin/hours")
    press(admin, "Nächster Freitag")
    press(admin, "Nachmittag")
    today = datetime.now(ZoneInfo("Europe/Berlin")).date()
    friday = today + timedelta(days=(4 - today.weekday()) % 7 or 7)
    expect(admin.locator("#closure-preview")).to_contain_text(f"Geschlossen: Freitag, {friday.day}.")
    expect(admin.locator("#closure-preview")).to_contain_text("12:00 bis 18:00 Uhr")
    press(admin, "Schließzeit in den Entwurf")
    expect(admin.locator("#closure-reason-error")).to_contain_text("Bitte geben Sie einen Grund an")
    expect(admin.get_by_label("Grund, für die Verwaltung")).to_be_focused()
    admin.keyboard.type("Betriebsversammlung")
    admin.keyboard.press("Enter")
    saved(admin, "Die Schließzeit steht im Entwurf.")
    expect(admin.locator("#closures")).to_contain_text("Betriebsversammlung")
    closure = draft(site).hours.closures[-1]
    assert (closure.start, closure.hours and closure.hours.end.hour) == (friday, 18)
    admin.get_by_role("button", name="Schließzeit entfernen: Betriebsversammlung").click()
    saved(admin, "entfernt")
    assert [one.reason for one in draft(site).hours.closures] == ["Heiligabend", "Silvester"]


def test_a_lunch_break_is_added_by_keyboard_and_findings_stand_at_their_day(site: Served, admin: Page) -> None:
    show(site, admin, "/admin/hours")
    admin.locator("[name=friday-end]").fill("12:00")
    admin.get_by_role("button", name="Zeit hinzufügen am Freitag").press("Enter")
    admin.locator("[name=friday-start]").nth(1).fill("11:00")
    admin.locator("[name=friday-end]").nth(1).fill("16:00")
    press(admin, "Öffnungszeiten in den Entwurf")
    expect(admin.locator("#friday-error")).to_have_text("Diese Zeiten überschneiden sich.")
    expect(admin.locator("[name=friday-start]").first).to_have_attribute("aria-invalid", "true")
    admin.locator("[name=friday-start]").nth(1).fill("13:00")
    press(admin, "Öffnungszeiten in den Entwurf")
    saved(admin, "Die Öffnungszeiten stehen im Entwurf.")
    assert len(draft(site).hours.week["friday"]) == 2
    expect(admin.locator(".stand")).to_contain_text("Entwurf")
    admin.get_by_role("button", name="Diese Zeit am Montag entfernen").click()
    press(admin, "Öffnungszeiten in den Entwurf")
    saved(admin, "Öffnungszeiten")
    assert draft(site).hours.week["monday"] == []


def test_a_skill_and_a_text_are_changed_seen_in_explain_and_put_in_force(site: Served, admin: Page) -> None:
    show(site, admin, "/admin/agents")
    admin.get_by_label("Carla Cordes: wohnen").select_option("1. Wahl")
    press(admin, "Fähigkeiten in den Entwurf")
    saved(admin, "Die Fähigkeiten stehen im Entwurf.")
    show(site, admin, "/admin/texts")
    admin.get_by_label("Texte suchen").fill("Verabschiedung")
    field = admin.locator("[name='de.goodbye']")
    expect(admin.locator("[name='de.greeting']")).to_be_hidden()
    field.fill("Auf Wiederhören und einen schönen Tag.")
    expect(admin.locator("#text-de-goodbye-length")).to_contain_text("Sekunden")
    press(admin, "Geänderte Texte in den Entwurf")
    saved(admin, "Die Texte stehen im Entwurf.")
    assert "wohnen" in draft(site).agent("carla").skills

    show(site, admin, "/admin/try")
    admin.fill("#explain-at", "2026-11-27T14:00")
    admin.get_by_label("Anliegen").select_option("4: Mietkosten")
    press(admin, "Zeigen")
    expect(admin.locator("#explain-differs")).to_contain_text("ändert der Entwurf etwas", timeout=LONG)
    expect(admin.locator("[data-side=draft] .offered")).to_contain_text("Carla Cordes (1. Wahl für wohnen)")
    expect(admin.locator("[data-side=active] .offered")).not_to_contain_text("Carla")
    press(admin, "Vergleichen")
    expect(admin.locator("#replay-count")).to_contain_text("17 von 412 Anrufen")
    expect(admin.locator("#replay-moved tr")).to_have_count(2)

    site.do(hold, site)
    show(site, admin, "/admin")
    expect(admin.locator(".changes").first).to_be_visible()
    press(admin, "In Kraft setzen")
    expect(admin.locator("#reason-error")).to_contain_text("warum")
    admin.get_by_label("Grund").fill("Carla übernimmt Mietkosten")
    press(admin, "In Kraft setzen")
    expect(admin.locator("#activation-step")).to_have_text("Die Texte werden gesprochen …", timeout=LONG)
    admin.reload()
    expect(admin.locator("#activation-step")).to_have_text("Die Texte werden gesprochen …", timeout=LONG)
    site.do(release, site)
    expect(admin.locator("#activation-heading")).to_have_text("Version 2 ist in Kraft", timeout=LONG)
    expect(admin.locator("#activation-result")).to_be_focused()
    admin.get_by_role("link", name="Weiter zur Übersicht").click()
    expect(admin.locator("#active-heading")).to_have_text("In Kraft: Version 2")
    expect(admin.locator("main")).to_contain_text("Carla übernimmt Mietkosten")


def activate(site: Served, admin: Page) -> None:
    """Pressed; the service holds on while the texts are spoken, until `release`."""
    site.do(changing(site).as_somebody_else, "Auf Wiederhören.", "Tschüss.")
    site.do(hold, site)
    show(site, admin, "/admin")
    admin.get_by_label("Grund").fill("Neuer Abschied")
    press(admin, "In Kraft setzen")
    expect(admin.locator("#activation-step")).to_have_text("Die Texte werden gesprochen …", timeout=LONG)


def test_a_lost_answer_does_not_end_the_watching(site: Served, admin: Page) -> None:
    lost: list[Route] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            return route.fallback()
        lost.append(route)
        return route.abort()

    activate(site, admin)
    with admin.expect_event("requestfailed", lambda request: request.url.endswith("/admin/activation")):
        admin.route("**/admin/activation", lose_the_first)
    with admin.expect_response("**/admin/activation"):
        expect(admin.locator("#refusal")).to_be_hidden()
    expect(admin.locator("#activation-step")).to_be_visible()
    site.do(release, site)
    expect(admin.locator("#activation-heading")).to_have_text("Version 2 ist in Kraft", timeout=LONG)


def test_what_it_came_to_is_told_although_the_page_was_loaded_anew_meanwhile(site: Served, admin: Page) -> None:
    changing(site).activated = Activated(0, (), ("Der Wählplan weicht ab.",))
    activate(site, admin)
    admin.goto("about:blank")
    site.do(release, site)
    show(site, admin, "/admin")
    expect(admin.locator("#activation-heading")).to_have_text("Version 2 ist in Kraft", timeout=LONG)
    expect(admin.locator("#activation-differs")).to_contain_text("Der Wählplan weicht ab.")
    admin.get_by_role("link", name="Weiter zur Übersicht").click()
    expect(admin.locator("#active-heading")).to_have_text("In Kraft: Version 2")
    expect(admin.locator("#activation-result")).to_be_hidden()


def test_first_passwords_are_shown_until_they_are_noted(site: Served, admin: Page) -> None:
    changing(site).activated = Activated(0, (), accounts=(NewAccount("frieda", "erstes-passwort"),))
    activate(site, admin)
    site.do(release, site)
    accounts = admin.locator("#activation-accounts")
    expect(accounts).to_contain_text("frieda: erstes-passwort", timeout=LONG)
    admin.reload()
    expect(accounts).to_contain_text("frieda: erstes-passwort", timeout=LONG)
    press(admin, "Notiert")
    expect(admin.locator("#active-heading")).to_be_visible(timeout=LONG)
    expect(accounts).to_be_hidden()
    show(site, admin, "/admin")
    expect(admin.locator("#active-heading")).to_be_visible()
    expect(accounts).to_be_hidden()


def test_first_passwords_outlast_an_activation_that_fails(site: Served, admin: Page) -> None:
    changing(site).activated = Activated(0, (), accounts=(NewAccount("frieda", "erstes-passwort"),))
    activate(site, admin)
    site.do(release, site)
    accounts = admin.locator("#activation-accounts")
    expect(accounts).to_contain_text("frieda: erstes-passwort", timeout=LONG)
    changing(site).activated = Activated(0, ())
    changing(site)._add = fails  # type: ignore[method-assign]
    headers = "{'X-Requested-With': 'hotline', 'Content-Type': 'application/json'}"
    fetched = f"fetch('/admin/history/1/rollback', {{method: 'POST', headers: {headers}, body}})"
    back = f"(body) => {fetched}.then((answer) => answer.status)"
    assert admin.evaluate(back, '{"version": 2, "values": {"reason": "Weil."}}') == 200
    admin.reload()
    expect(accounts).to_contain_text("frieda: erstes-passwort", timeout=LONG)
    expect(admin.locator("#activation-heading")).to_have_text("Erste Passwörter")
    expect(admin.locator("#active-heading")).to_be_visible()
    press(admin, "Notiert")
    expect(admin.locator("#active-heading")).to_be_visible(timeout=LONG)
    expect(accounts).to_be_hidden()


def fails(*_: object) -> int:
    raise SetupError("Asterisk is gone")


def test_the_version_before_comes_back_with_one_press(site: Served, admin: Page) -> None:
    show(site, admin, "/admin")
    expect(admin.locator("#rollback-form")).to_have_count(0)
    site.do(changing(site).activate_as_somebody_else, "Auf Wiederhören.", "Tschüss.")
    show(site, admin, "/admin")
    press(admin, "Zurück zu Version 1")
    expect(admin.locator("#activation-heading")).to_have_text("Version 3 ist in Kraft", timeout=LONG)
    assert changing(site).texts[3] == changing(site).texts[1]
    admin.get_by_role("link", name="Weiter zur Übersicht").click()
    expect(admin.locator("main")).to_contain_text("Zurück zu Version 1.")


def test_another_version_meanwhile_is_seen_before_anything_is_taken_back(site: Served, admin: Page) -> None:
    site.do(changing(site).activate_as_somebody_else, "Auf Wiederhören.", "Tschüss.")
    show(site, admin, "/admin")
    site.do(changing(site).activate_as_somebody_else, "Tschüss.", "Ade.")
    press(admin, "Zurück zu Version 1")
    expect(admin.locator("#outdated")).to_be_focused(timeout=LONG)
    press(admin, "Seite neu laden und ansehen")
    expect(admin.locator("#active-heading")).to_have_text("In Kraft: Version 3")
    assert len(changing(site).versions) == 3


def test_what_is_typed_before_the_scripts_have_come_is_saved_like_anything_else(site: Served, admin: Page) -> None:
    held: list[Route] = []
    admin.route("**/static/admin_forms.js", lambda route: route.fallback() if held else held.append(route))
    admin.goto(f"{site.url}/admin/texts", wait_until="commit")
    admin.locator("[name='de.greeting']").fill("Guten Tag!")
    held[0].continue_()
    expect(admin.locator("#texts-changed")).to_have_text("1 geändert")
    press(admin, "Geänderte Texte in den Entwurf")
    saved(admin, "Die Texte stehen im Entwurf.")
    assert draft(site).texts.greeting == "Guten Tag!"


def test_an_earlier_version_comes_back_with_a_reason(site: Served, admin: Page) -> None:
    site.do(changing(site).activate_as_somebody_else, "Auf Wiederhören.", "Tschüss.")
    show(site, admin, "/admin/history")
    admin.get_by_role("link", name="Version 1").click()
    admin.wait_for_load_state("networkidle")
    admin.get_by_label("Grund").fill("Doch lieber der alte Abschied")
    press(admin, "Version 1 wieder in Kraft setzen")
    expect(admin.locator("#activation-heading")).to_have_text("Version 3 ist in Kraft", timeout=LONG)
    assert "goodbye: Auf Wiederhören." in changing(site).texts[3]


def test_the_file_is_checked_while_it_is_typed_and_findings_lead_to_their_line(site: Served, admin: Page) -> None:
    show(site, admin, "/admin/file")
    expect(admin.locator("#file-state")).to_have_text("Keine Fehler.")
    text = admin.locator("#file-text")
    right, old = text.input_value(), "office: rinteln, skills"
    wrong, begin = right.replace(old, "office: berlin, skills", 1), right.index(old)
    text.evaluate(
        "(field, [from, to]) => { field.focus(); field.setSelectionRange(from, to); }", [begin, begin + len(old)]
    )
    admin.keyboard.insert_text("office: berlin, skills")
    expect(text).to_have_value(wrong)
    finding = admin.locator("#findings button")
    expect(finding).to_contain_text("agents.2.office", timeout=LONG)
    line = wrong[: wrong.index("office: berlin")].count("\n") + 1
    expect(admin.locator("#lines b")).to_have_text(f"✖ {line}")
    finding.click()
    expect(text).to_be_focused()
    expect(admin.locator("#here")).to_contain_text(f"Zeile {line}:")
    at = admin.evaluate("() => document.getElementById('file-text').selectionStart")
    assert wrong[:at].count("\n") + 1 == line
    admin.keyboard.press("Tab")
    expect(text).not_to_be_focused()
    press(admin, "Entwurf speichern")
    saved(admin, "Der Entwurf ist gespeichert.")
    assert changing(site).kept is not None
    assert changing(site).kept.text == wrong
    show(site, admin, "/admin")
    expect(admin.locator("#errors-heading")).to_contain_text("1 Fehler")
    admin.get_by_role("link", name=f"Zeile {line}").click()
    expect(admin.locator("#here")).to_contain_text(f"Zeile {line}:")


def test_the_second_admin_sees_the_difference_and_keeps_what_was_typed(site: Served, admin: Page) -> None:
    show(site, admin, "/admin/texts")
    admin.locator("[name='de.greeting']").fill("Guten Tag!")
    site.do(changing(site).as_somebody_else, "Auf Wiederhören.", "Tschüss.")
    press(admin, "Geänderte Texte in den Entwurf")
    panel = admin.locator("#outdated")
    expect(panel).to_be_focused(timeout=LONG)
    expect(panel).to_contain_text("Auf Wiederhören. → Tschüss.")
    expect(admin.locator("[name='de.greeting']")).to_have_value("Guten Tag!")
    assert draft(site).texts.greeting != "Guten Tag!"
    press(admin, "Meine Angaben trotzdem übernehmen")
    saved(admin, "Die Texte stehen im Entwurf.")
    assert (draft(site).texts.greeting, draft(site).texts.goodbye) == ("Guten Tag!", "Tschüss.")


def test_a_draft_of_another_admin_is_seen_before_it_is_put_in_force(site: Served, admin: Page) -> None:
    site.do(changing(site).as_somebody_else, "Auf Wiederhören.", "Tschüss.")
    show(site, admin, "/admin")
    site.do(changing(site).as_somebody_else, "Tschüss.", "Ade.")
    admin.get_by_label("Grund").fill("Weil.")
    press(admin, "In Kraft setzen")
    expect(admin.locator("#outdated")).to_be_visible()
    press(admin, "Seite neu laden und ansehen")
    expect(admin.locator("main")).to_contain_text("Ade.")
    assert len(changing(site).versions) == 1


def test_hints_are_to_be_ticked_and_a_version_between_to_be_seen(site: Served, admin: Page) -> None:
    changing(site).remarks = [example_warning()]
    site.do(changing(site).as_somebody_else, "Auf Wiederhören.", "Tschüss.")
    site.do(changing(site).activate_as_somebody_else, "Wir zeichnen nichts auf.", "Nichts wird aufgezeichnet.")
    show(site, admin, "/admin")
    expect(admin.locator("#activate-form")).to_have_count(0)
    press(admin, "Ich habe das gesehen: mit diesem Entwurf weitermachen")
    saved(admin, "Version 2")
    admin.get_by_label("Grund").fill("Weil.")
    press(admin, "In Kraft setzen")
    expect(admin.locator("#seen-error")).to_be_visible()
    admin.get_by_label("Ich habe die Hinweise gelesen.").check()
    press(admin, "In Kraft setzen")
    expect(admin.locator("#activation-heading")).to_have_text("Version 3 ist in Kraft", timeout=LONG)


def test_a_draft_is_thrown_away_only_after_a_question(site: Served, admin: Page) -> None:
    site.do(changing(site).as_somebody_else, "Auf Wiederhören.", "Tschüss.")
    show(site, admin, "/admin")
    press(admin, "Entwurf verwerfen …")
    press(admin, "Abbrechen")
    assert changing(site).kept is not None
    press(admin, "Entwurf verwerfen …")
    press(admin, "Verwerfen")
    saved(admin, "verworfen")
    assert changing(site).kept is None


def test_somebody_without_the_role_is_shown_a_page_that_says_so(site: Served, chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_default_timeout(LIMIT * 1000)
    page.goto(f"{site.url}/login")
    page.fill("#name", "leitung")
    page.fill("#password", "richtig-und-lang")
    page.click("button.primary")
    page.wait_for_url("**/lead")
    page.goto(f"{site.url}/admin")
    expect(page.locator("main")).to_contain_text("Diese Seite ist für die Verwaltung des Telefonservice.")
    page.close()


def test_a_text_is_listened_to_and_gets_an_own_recording_while_another_one_is_typed(
    site: Served, admin: Page, tmp_path: Path
) -> None:
    file = tmp_path / "greeting.wav"
    with wave.open(str(file), "wb") as made:
        made.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
        made.writeframes(bytes(160_000))
    sounds: FakePrompts = site.services.prompts  # type: ignore[assignment]
    sounds.file = file
    show(site, admin, "/admin/texts")
    admin.locator("[name='de.goodbye']").fill("Tschüss.")
    greeting = admin.locator("[data-heard='greeting']")
    greeting.locator("[data-play]").click()
    expect(greeting.locator("[data-playing]")).to_be_visible()
    greeting.locator("[data-play]").click()
    expect(greeting.locator("[data-playing]")).to_have_count(0)
    greeting.locator("[data-record]").click()
    press(admin, "Datei verwenden")
    expect(admin.locator("#prompt-refusal")).to_have_text("Bitte wählen Sie eine WAV-Datei aus.")
    admin.locator("#prompt-file").set_input_files(file)
    press(admin, "Datei verwenden")
    expect(admin.locator("#prompt-done")).to_have_text("Diese Aufnahme ist ab sofort zu hören.")
    assert sounds.kept == {"greeting": file.read_bytes()}
    press(admin, "Mit dem Telefon aufnehmen")
    expect(admin.locator("#prompt-dial")).to_contain_text("*77 und geben Sie dann 012 345 ein")
    press(admin, "Schließen")
    expect(greeting.get_by_text("eigene Aufnahme", exact=True)).to_be_visible()
    greeting.locator("[data-record]").click()
    press(admin, "Zurück zur Computerstimme")
    expect(admin.locator("#prompt-done")).to_have_text("Zu hören ist wieder die Computerstimme.")
    expect(admin.locator("#prompt-remove")).to_be_hidden()
    press(admin, "Schließen")
    expect(admin.locator("[name='de.goodbye']")).to_have_value("Tschüss.")
