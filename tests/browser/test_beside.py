"""Beside the talk: hold that reminds, keypad, mute in sight, threat, knowledge, a shared number, a ring to be seen."""

import re

from playwright.sync_api import Page, expect

from tests.browser.pictures import log_in
from tests.browser.served import Served
from tests.browser.test_accessibility import findings
from tests.browser.work import answered, ring
from tests.unit.doubles_beside import FakeBeside, example_note, example_threat, shared_history
from tests.unit.doubles_callbacks import example_ring
from tests.unit.doubles_lead import FakeLead, example_alarm
from tests.unit.doubles_web import FakeUser, refusing

LATER = "(ms) => { const real = performance.now.bind(performance); performance.now = () => real() + ms }"


def beside(site: Served) -> FakeBeside:
    found = site.services.alarms
    assert isinstance(found, FakeBeside)
    return found


def told(site: Served, page: Page, name: str) -> list[tuple[object, ...]]:
    for _ in range(200):
        if found := [ask for ask in beside(site).asked if ask[0] == name]:
            return found
        page.wait_for_timeout(25)
    raise AssertionError(f"{name} was never asked")


def lead_asked(site: Served, page: Page) -> list[tuple[object, ...]]:
    lead = site.services.lead
    assert isinstance(lead, FakeLead)
    for _ in range(200):
        if lead.asked:
            break
        page.wait_for_timeout(25)
    return lead.asked


# --- hold and mute


def test_hold_shows_how_long_and_reminds_once_after_a_minute(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.evaluate(
        "() => { window.reminders = 0; const start = AudioBufferSourceNode.prototype.start;"
        "AudioBufferSourceNode.prototype.start = function () { reminders += 1; return start.call(this) } }"
    )
    anna.keyboard.press("Alt+h")
    expect(anna.locator("#hold-text")).to_have_text("Der Anrufer wird gehalten und hört Musik.")
    expect(anna.locator("#hold-clock")).to_have_text(re.compile("0:0[1-9]"))
    assert anna.evaluate("() => reminders") == 0
    anna.evaluate(LATER, 60_000)
    expect(anna.locator("#hold-line")).to_have_class(re.compile("long"))
    expect(anna.locator("#hold-text")).to_contain_text("länger als eine Minute")
    expect(anna.locator("#hold-clock")).to_have_text(re.compile("1:(0[4-9]|[1-5])"))
    assert anna.evaluate("() => reminders") == 1
    anna.keyboard.press("Alt+h")
    expect(anna.locator("#hold-line")).to_be_hidden()
    anna.keyboard.press("Alt+h")
    expect(anna.locator("#hold-clock")).to_have_text(re.compile("0:0"))


def test_hold_is_also_timed_while_somebody_is_consulted(site: Served, anna: Page) -> None:
    answered(site, anna)
    transfer = {"how": "consult", "kind": "agent", "target": "Ben Brinkmann", "state": "ringing", "why": None}
    site.do(site.desk.change_call, transfer=transfer)
    expect(anna.locator("#hold-text")).to_have_text("Der Anrufer wartet und hört Musik.")
    site.do(site.desk.change_call, transfer=None)
    expect(anna.locator("#hold-line")).to_be_hidden()


def test_mute_is_in_sight_wherever_the_page_is_scrolled_to(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.keyboard.press("Alt+m")
    anna.check("[name=outcome][value=forwarded]")
    anna.locator("#dispose").scroll_into_view_if_needed()
    expect(anna.locator("#muted-pill")).to_be_in_viewport()
    expect(anna).to_have_title(re.compile("^Stumm"))
    anna.keyboard.press("Alt+h")
    expect(anna.locator("#muted-pill")).to_be_visible()
    anna.keyboard.press("Alt+m")
    expect(anna.locator("#muted-pill")).to_be_hidden()


# --- keypad


def test_keypad_sends_keys_by_mouse_and_keyboard_and_says_them(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.keyboard.press("Alt+k")
    anna.keyboard.type("12a")
    anna.click("[data-key='#']")
    expect(anna.locator("#keypad-sent")).to_have_text("12#")
    expect(anna.locator("#keypad-said")).to_have_text("Raute gesendet")
    assert anna.evaluate("() => incoming.log.slice(1)") == ["key 1 RFC2833", "key 2 RFC2833", "key # RFC2833"]
    anna.keyboard.press("Escape")
    expect(anna.locator("#keypad-dialog")).to_be_hidden()
    expect(anna.locator("#keypad-sent")).to_have_text("")


def test_keypad_closes_when_the_talk_ends(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.click("#keypad-open")
    anna.evaluate("() => incoming.finish()")
    expect(anna.locator("#keypad-dialog")).to_be_hidden()
    expect(anna.locator("#keypad-open")).to_be_hidden()


# --- threat


def test_threat_takes_two_presses_in_one_place_by_keyboard(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.keyboard.press("Alt+t")
    expect(anna.locator("#threat")).to_be_focused()
    expect(anna.locator("#threat-text")).to_have_text("Alarm auslösen?")
    expect(anna.locator("#announce")).to_contain_text("Noch einmal drücken")
    assert beside(site).asked == []
    anna.wait_for_timeout(350)  # faster would count as one press
    anna.keyboard.press("Enter")
    assert told(site, anna, "threaten") == [("threaten", "anna", "call-of-offer-1")]
    expect(anna.locator("#threat-panel")).to_contain_text("Bleiben Sie ruhig")
    expect(anna.locator("#announce")).to_contain_text("Stiller Alarm")
    expect(anna.locator("#threat")).to_be_hidden()
    assert anna.evaluate("() => incoming.log") == ["answer"], "nothing reaches the caller"


def test_double_click_is_one_press_and_escape_takes_it_back(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.dblclick("#threat")
    expect(anna.locator("#threat-text")).to_have_text("Alarm auslösen?")
    anna.keyboard.press("Escape")
    expect(anna.locator("#threat-text")).to_have_text("Bedrohung")
    anna.click("#threat")
    anna.click("#field-note")
    expect(anna.locator("#threat-text")).to_have_text("Bedrohung")
    assert beside(site).asked == []


def test_threat_is_there_in_wrap_up_and_not_while_it_rings(site: Served, anna: Page) -> None:
    site.do(site.desk.offer)
    ring(anna)
    expect(anna.locator("#answer")).to_be_enabled()
    expect(anna.locator("#threat")).to_be_hidden()
    anna.click("#answer")
    site.do(site.desk.talk)
    expect(anna.locator("#threat")).to_be_visible()
    anna.evaluate("() => incoming.finish()")
    site.do(site.desk.wrap_up)
    expect(anna.locator("#threat")).to_be_visible()


def test_threat_is_there_in_a_callback_as_soon_as_somebody_is_reached(site: Served, anna: Page) -> None:
    site.do(site.desk.change, state="talking", callback_call=example_ring("caller"))
    expect(anna.locator("#callback-call")).to_be_visible()
    expect(anna.locator("#callback-threat")).to_be_hidden()
    site.do(site.desk.change, callback_call=example_ring("talking"))
    expect(anna.locator("#callback-threat")).to_be_visible()
    site.do(site.desk.change, state="wrap_up", callback_call=example_ring("over", result="talked", words="Zu Ende."))
    anna.keyboard.press("Alt+t")
    expect(anna.locator("#callback-threat")).to_be_focused()
    expect(anna.locator("#callback-threat-text")).to_have_text("Alarm auslösen?")
    anna.wait_for_timeout(350)  # faster would count as one press
    anna.keyboard.press("Enter")
    assert told(site, anna, "threaten") == [("threaten", "anna", "call-7")]
    expect(anna.locator("#callback-threat-panel")).to_contain_text("Bleiben Sie ruhig")
    expect(anna.locator("#callback-threat-state")).to_contain_text("noch von niemandem gesehen")
    expect(anna.locator("#callback-threat")).to_be_hidden()
    expect(anna.locator("#threat-panel")).to_be_hidden()
    assert findings(anna) == []


def test_agent_reads_who_has_seen_the_alarm(site: Served, anna: Page) -> None:
    answered(site, anna)
    site.do(site.desk.change, threat=example_threat())
    expect(anna.locator("#threat-state")).to_contain_text("noch von niemandem gesehen")
    site.do(site.desk.change, threat=example_threat("Lea Leitung"))
    expect(anna.locator("#threat-state")).to_contain_text("Gesehen von Lea Leitung")


def test_agent_reads_no_more_than_is_known_of_an_alarm_nobody_has_seen(site: Served, anna: Page) -> None:
    answered(site, anna)
    state, said = anna.locator("#threat-state"), anna.locator("#announce")
    site.do(site.desk.change, threat=example_threat(watched=False))
    expect(state).to_have_text(
        "Ausgelöst um 10:00 Uhr, noch von niemandem gesehen. "
        "Bei der Leitung ist gerade keine Seite offen, auf der er steht. Rufen Sie selbst Hilfe."
    )
    expect(said).to_contain_text("gerade keine Seite offen")
    assert "alarmiert" not in anna.locator("#threat-panel").inner_text()
    site.do(site.desk.change, threat=example_threat(watched=True))
    expect(state).to_contain_text("Bei der Leitung ist eine Seite offen")
    expect(said).to_contain_text("gerade keine Seite offen")  # pages come and go: not read out each time
    site.do(site.desk.change, threat=example_threat(watched=True, mailed=True))
    expect(state).to_contain_text("Um 10:01 Uhr wurde der Leitung eine E-Mail geschrieben.")
    expect(said).to_contain_text("E-Mail geschrieben")
    site.stop_pages()
    expect(state).to_contain_text("Wer ihn seitdem gesehen hat, ist nicht bekannt.")
    expect(state).not_to_contain_text("eine Seite offen")


def test_lead_with_a_seat_sees_colleagues_alarms_on_the_own_page(site: Served, page: Page) -> None:
    site.accounts.users["ben"] = FakeUser("ben", "lead")
    log_in(page, site.url, "ben")
    page.wait_for_function("() => window.fakeUa?.started")
    expect(page.locator("#alarms")).to_be_hidden()
    beside(site).alarms.append(example_alarm())
    site.do(site.desk.change)
    expect(page.locator("#alarms")).to_contain_text("Anna Ahrens wird bedroht")
    expect(page.locator("#alarms")).to_contain_text("Anrufer 05722 123456")
    expect(page.locator("#announce")).to_contain_text("Alarm: Anna Ahrens wird bedroht")
    expect(page).to_have_title(re.compile("^⚠ Stiller Alarm"))
    assert findings(page) == []
    answered(site, page)
    expect(page.locator("#alarms")).to_be_visible()
    page.get_by_role("button", name="Alarm von Anna Ahrens als gesehen vermerken").click()
    assert ("alarm_seen", 5, "ben") in lead_asked(site, page)
    beside(site).alarms.clear()
    site.do(site.desk.change)
    expect(page.locator("#alarms")).to_be_hidden()
    expect(page).to_have_title(re.compile("^Im Gespräch"))


def test_agent_is_not_told_of_a_colleagues_alarm(site: Served, anna: Page) -> None:
    beside(site).alarms.append({**example_alarm(), "agent": "ben", "agent_name": "Ben Brinkmann"})
    site.do(site.desk.change, cause="etwas Neues")
    expect(anna.locator("#state")).to_contain_text("etwas Neues")
    expect(anna.locator("#alarms")).to_be_hidden()


def test_alarm_that_does_not_arrive_says_so(site: Served, anna: Page) -> None:
    answered(site, anna)
    site.stop_pages()
    anna.click("#threat")
    anna.wait_for_timeout(350)  # faster would count as one press
    anna.click("#threat")
    expect(anna.locator("#refusal")).to_contain_text("rufen Sie die Leitung direkt")
    expect(anna.locator("#threat")).to_be_enabled()


def test_refused_alarm_says_why(site: Served, anna: Page) -> None:
    answered(site, anna)
    beside(site).refusal = refusing("Dieser Anruf ist nicht mehr bei Ihnen.")
    anna.click("#threat")
    anna.wait_for_timeout(350)  # faster would count as one press
    anna.click("#threat")
    expect(anna.locator("#refusal")).to_have_text("Dieser Anruf ist nicht mehr bei Ihnen.")


# --- what to know


def test_papers_links_and_note_stand_beside_the_guide(site: Served, anna: Page) -> None:
    site.do(site.desk.change, knowledge=example_note())
    site.do(site.desk.offer)
    expect(anna.locator("#papers")).to_contain_text("Schreiben des Vermieters")
    link = anna.locator("#links a")
    expect(link).to_have_attribute("href", re.compile("^https://"))
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(anna.locator("#knowledge-text")).to_contain_text("Mietobergrenze")
    expect(anna.locator("#knowledge-by")).to_have_text("20.11.2026, Lea Leitung")
    site.do(site.desk.change, knowledge=None)
    expect(anna.locator("#knowledge")).to_be_hidden()


def test_shared_number_shows_a_count_before_and_names_after_the_tick(site: Served, anna: Page) -> None:
    site.do(site.desk.offer, people=2)
    expect(anna.locator("#call-people")).to_have_text("Unter dieser Nummer: 2 Personen")
    assert "Kruse" not in anna.locator("#call").inner_text()
    ring(anna)
    anna.click("#answer")
    site.do(site.desk.talk)
    site.do(site.desk.change_call, identity="called_back", history=shared_history())
    groups = anna.locator("#history .person-history")
    expect(groups).to_have_count(3)
    expect(groups.nth(0)).to_contain_text("Sabine Kruse")
    expect(groups.nth(0)).to_contain_text("26-1177-3042")
    expect(groups.nth(1)).to_contain_text("Jonas Kruse")
    expect(groups.nth(1)).not_to_contain_text("26-1177-3042")
    expect(groups.nth(2)).to_contain_text("Bedrohung gemeldet")


def test_one_person_needs_no_heading(site: Served, anna: Page) -> None:
    answered(site, anna)
    expect(anna.locator("#call-people")).to_be_hidden()
    history = shared_history()
    history = {"calls": history["calls"][:1], "promises": history["promises"][:1]}
    site.do(site.desk.change_call, identity="called_back", history=history, people=1)
    expect(anna.locator("#history .person")).to_have_count(0)
    expect(anna.locator("#history")).to_contain_text("26-1177-3042")


# --- the ring


def loudness(page: Page) -> float:
    return float(page.locator("body").get_attribute("data-loudness") or "nan")


def test_volume_is_remembered_in_this_browser(site: Served, anna: Page) -> None:
    anna.click(".sound-settings summary")
    anna.locator("#volume").fill("100")
    assert loudness(anna) == 1
    anna.locator("#volume").press("ArrowLeft")
    expect(anna.locator("#sound-now")).to_have_text("95 %")
    anna.reload()
    expect(anna.locator("#sound-now")).to_have_text("95 %")
    expect(anna.locator("#volume")).to_have_value("95")


def test_ring_without_sound_is_an_alarm_for_the_eye_and_only_for_today(site: Served, anna: Page) -> None:
    anna.click(".sound-settings summary")
    anna.select_option("#quiet", "off")
    site.do(site.desk.offer)
    ring(anna)
    expect(anna.locator("#silent-ring")).to_be_visible()
    expect(anna.locator("body")).to_have_attribute("data-ringing", "true")
    assert loudness(anna) == 0
    anna.click("#answer")
    site.do(site.desk.talk)
    expect(anna.locator("#silent-ring")).to_be_hidden()
    anna.evaluate("() => localStorage.setItem('hotline-ring-quiet', 'off 22.11.2026')")
    anna.reload()
    expect(anna.locator("#sound-now")).to_have_text("60 %")


def test_hidden_window_that_may_not_notify_rings_softly_even_when_switched_off(site: Served, anna: Page) -> None:
    anna.click(".sound-settings summary")
    anna.select_option("#quiet", "off")
    anna.evaluate("() => Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    site.do(site.desk.offer)
    ring(anna)
    expect(anna.locator("body")).to_have_attribute("data-ringing", "true")
    assert 0 < loudness(anna) < 0.05


def test_desk_phone_page_has_no_ring_of_its_own(site: Served, page: Page) -> None:
    site.desk.desk_phone = True
    log_in(page, site.url)
    expect(page.locator(".sound-settings")).to_be_hidden()
