"""The lead's page in a real browser: live, announces alarms, has a hand on states, keeps what is being written."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from agents.forms import FormError
from hotline.errors import Refused
from tests.browser.lead_pictures import LEAD_STAGES, alarmed, busy, log_in_lead, one_agent, troubled
from tests.browser.served import LIMIT, Served, served
from tests.browser.test_accessibility import findings
from tests.browser.test_hidden_tab import ASLEEP
from tests.browser.work import becomes
from tests.unit.doubles_lead import FakeLead, example_agents, example_alarm, example_message, example_waiting


@pytest.fixture
def lead(site: Served, page: Page) -> Page:
    log_in_lead(page, site.url)
    return page


def the_lead(site: Served) -> FakeLead:
    return site.services.lead  # type: ignore[return-value]


def asked(site: Served, page: Page, name: str) -> tuple[Any, ...]:
    for _ in range(200):
        if found := [ask for ask in the_lead(site).asked if ask[0] == name]:
            return found[-1]
        page.wait_for_timeout(25)
    raise AssertionError(f"{name} was never asked; asked were {the_lead(site).asked}")


def change(site: Served, **values: Any) -> None:
    site.do(the_lead(site).change, **values)


def row(page: Page, agent: str) -> Any:
    return page.locator(f"#agents tr[data-key={agent}]")


def test_who_waits_comes_and_goes_and_the_time_runs(site: Served, lead: Page) -> None:
    expect(lead.locator("#waiting-none")).to_be_visible()
    change(site, waiting=example_waiting())
    rows = lead.locator("#waiting tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("klingelt bei Ben Brinkmann")
    expect(rows.nth(1)).to_contain_text("in der Reihe")
    first = rows.nth(2).locator("[data-part=elapsed]").inner_text()
    expect(rows.nth(2).locator("[data-part=elapsed]")).not_to_have_text(first)
    change(site, waiting=list(reversed(example_waiting()))[:2])
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("Anliegen unklar")
    expect(lead).to_have_title("2 warten – Leitung – Jobcenter Schaumburg")


def test_states_are_shown_with_their_cause(site: Served, lead: Page) -> None:
    expect(row(lead, "carla")).to_contain_text("Nicht bereit Anruf nicht angenommen, 09:58")
    expect(row(lead, "ben")).to_contain_text("Bereit wartet auf Anruf")
    expect(row(lead, "anna")).to_contain_text("Im Gespräch Mietkosten")
    expect(row(lead, "david")).to_have_attribute("data-long", "true")
    site.do(the_lead(site).change_agent, "carla", state="ready", cause="wartet auf Anruf")
    expect(row(lead, "carla")).to_contain_text("Bereit wartet auf Anruf")


def test_what_the_lead_can_do_for_somebody_who_is_not_ready_stands_there(site: Served, lead: Page) -> None:
    hint = lead.locator("#agents-not-ready")
    expect(hint).to_contain_text("bis die Person selbst „Bereit“ drückt")
    expect(lead.get_by_role("button", name="Carla Cordes in Pause setzen")).to_be_enabled()
    expect(lead.get_by_role("button", name="Carla Cordes abmelden")).to_be_enabled()
    expect(row(lead, "carla").get_by_role("button")).to_have_count(2)  # none that makes her ready
    hint.get_by_role("link", name="eine Nachricht an alle senden").click()
    expect(lead.get_by_label("Neue Nachricht")).to_be_in_viewport()
    site.do(the_lead(site).change_agent, "carla", state="ready", cause="wartet auf Anruf")
    expect(hint).to_be_hidden()


def test_figures_tell_in_words_whether_the_aim_is_reached(site: Served, lead: Page) -> None:
    level = lead.locator("[data-share=service_level]")
    expect(level).to_contain_text("74 %")  # 74.9 % is not 75 %
    expect(level).to_contain_text("Ziel 75 % nicht erreicht")
    expect(level).to_contain_text("32 von 43")
    expect(lead.locator("[data-share=first_contact]")).to_contain_text("Ziel 85 % erreicht")
    expect(lead.locator("#figures")).to_contain_text("davon 1 überfällig")
    expect(lead.locator(".figures details")).to_contain_text("Wer innerhalb der 30 Sekunden auflegt, zählt nicht mit.")
    nothing = {"share": None, "reached": 0, "counted": 0, "aim": 0.75, "met": None}
    change(site, figures={**the_lead(site).page["figures"], "service_level": nothing, "promises_overdue": 0})
    expect(level).to_contain_text("noch nichts zu zählen")
    expect(level).not_to_contain_text("erreicht")
    change(site, figures=None)
    expect(lead.locator("[data-figure=calls]")).to_have_text("–")


def test_calls_nobody_wrote_up_are_named_by_agent_and_time(site: Served, lead: Page) -> None:
    expect(lead.locator("[data-figure=unwritten]")).to_have_text("0")
    names = ["Anna Ahrens", *(f"Kraft {number}" for number in range(2, 8))]
    left = [{"agent_name": name, "at": "2026-11-20T16:50:00+00:00"} for name in names]
    change(site, figures={**the_lead(site).page["figures"], "unwritten": left})
    expect(lead.locator("[data-figure=unwritten]")).to_have_text("7")
    expect(lead.locator("#unwritten-who")).to_contain_text("Anna Ahrens, 20.11.2026, 17:50 Uhr; Kraft 2,")
    expect(lead.locator("#unwritten-who")).to_contain_text("Kraft 5, 20.11.2026, 17:50 Uhr; weitere")


def test_a_mail_that_came_back_is_shown_and_sent_once_more(site: Served, lead: Page) -> None:
    expect(lead.locator("#mails-part")).to_be_hidden()
    troubled(site, lead)
    mail = lead.locator("#mails li").first
    expect(mail).to_contain_text("Frau Falke falke@jobcenter.example")
    expect(mail).to_contain_text("Kam zurück: das Postfach ist voll (5.2.2).")
    expect(mail).to_contain_text("Vorgang 26-4821-7305 · geschrieben")
    expect(lead.locator("#mails li").nth(1)).to_contain_text("alt@jobcenter.example Abgelehnt")
    expect(lead.locator("#mails-more")).to_have_text("Die ältesten 2; 58 weitere.")
    lead.get_by_role("button", name="E-Mail an Frau Falke, Vorgang 26-4821-7305, noch einmal senden").click()
    assert asked(site, lead, "retry_mail") == ("retry_mail", 7, "leitung")
    expect(lead.locator("#mails li")).to_have_count(1)
    expect(lead.locator("#done")).to_have_text("Die E-Mail an Frau Falke wird noch einmal gesendet.")


def test_a_mail_that_came_back_goes_to_another_address(site: Served, lead: Page) -> None:
    troubled(site, lead)
    button = lead.get_by_role(
        "button", name="E-Mail an Frau Falke, Vorgang 26-4821-7305, an eine andere Adresse senden"
    )
    button.click()
    dialog = lead.get_by_role("dialog", name="Vorgang 26-4821-7305: an eine andere Adresse")
    expect(dialog).to_contain_text("Bisher zuständig: Frau Falke. Wer die neue E-Mail bekommt, ist danach zuständig")
    own = dialog.locator("option[value='falke@jobcenter.example']")
    expect(own).to_be_disabled()
    lead.keyboard.press("Escape")
    button.click()
    lead.get_by_role("button", name="Abbrechen").click()
    assert the_lead(site).asked == []
    expect(button).to_be_focused()
    lead.keyboard.press("Enter")
    lead.get_by_role("button", name="Senden", exact=True).click()
    expect(dialog).to_be_visible()  # nobody is chosen yet
    lead.get_by_label("An", exact=True).select_option("Team-Postfach")
    lead.get_by_role("button", name="Senden", exact=True).click()
    assert asked(site, lead, "redirect_mail") == ("redirect_mail", 7, "team", "leitung")
    expect(lead.locator("#done")).to_have_text("Die E-Mail geht an Team-Postfach.")
    expect(lead.locator("#mails li")).to_have_count(1)
    expect(lead.locator("#mails [data-part=other]")).to_be_hidden()  # without a promise there is none to be written


def test_a_mail_to_somebody_else_that_is_refused_says_why(site: Served, lead: Page) -> None:
    troubled(site, lead)
    the_lead(site).refusal = Refused("Diese E-Mail ist inzwischen verschickt, oder es gibt sie nicht mehr.")
    lead.locator("#mails [data-part=other]").first.click()
    lead.get_by_label("An", exact=True).select_option("Team-Postfach")
    lead.get_by_role("button", name="Senden", exact=True).click()
    expect(lead.locator("#refusal")).to_contain_text("inzwischen verschickt")
    expect(lead.locator("#mail-dialog")).to_be_hidden()


def test_callers_not_reached_today_are_shown_and_how_many_are_to_be_rung_now(site: Served, lead: Page) -> None:
    expect(lead.locator("#given-up-part")).to_be_hidden()
    expect(lead.locator("[data-figure=callbacks_next]")).to_have_text("1")
    troubled(site, lead)
    rows = lead.locator("#given-up li")
    expect(rows.nth(0)).to_contain_text("05751 40210 Mietkosten")
    expect(rows.nth(0)).to_contain_text("BG 31402987654 · 3 Versuche · gewünscht")
    expect(rows.nth(1)).to_contain_text("ohne Nummer")
    change(site, callbacks_given_up=[])
    expect(lead.locator("#given-up-part")).to_be_hidden()


def test_a_new_alarm_is_announced_once_and_marked_as_seen(site: Served, lead: Page) -> None:
    change(site, alarms=[example_alarm()])
    expect(lead.locator("#announce")).to_contain_text("Alarm: Anna Ahrens wird bedroht")
    expect(lead.locator("#announce")).to_contain_text("Anrufer 05722 123456")
    expect(lead).to_have_title("⚠ Alarm – Leitung – Jobcenter Schaumburg")
    lead.evaluate("() => { document.getElementById('announce').textContent = '' }")
    change(site, waiting=example_waiting())
    expect(lead.locator("#waiting tr")).to_have_count(3)
    expect(lead.locator("#announce")).to_be_empty()
    lead.get_by_role("button", name="Alarm von Anna Ahrens als gesehen vermerken").click()
    assert asked(site, lead, "alarm_seen") == ("alarm_seen", 5, "leitung")
    expect(lead.locator("#alarms")).to_be_hidden()


def test_each_new_alarm_is_notified_and_none_that_is_seen(site: Served, context: BrowserContext) -> None:
    context.add_init_script(ASLEEP)
    lead = context.new_page()
    log_in_lead(lead, site.url)
    look = "(hidden) => { window.asleep = hidden; document.dispatchEvent(new Event('visibilitychange')) }"
    lead.evaluate(look, True)
    text = "Stiller Alarm im Telefonservice"
    change(site, alarms=[example_alarm()])
    becomes(lead, "messages.length", 1)
    change(site, alarms=[example_alarm(), {**example_alarm(6), "agent_name": "Ben Brinkmann"}])
    becomes(lead, "messages.length", 3)
    assert lead.evaluate("() => messages") == [text, "closed", text]
    change(site, alarms=[])
    becomes(lead, "messages.length", 4)
    lead.evaluate(look, False)
    lead.evaluate(look, True)
    assert lead.evaluate("() => messages") == [text, "closed", text, "closed"]
    change(site, alarms=[example_alarm(7)])
    becomes(lead, "messages.length", 5)


def test_an_alarm_of_a_withheld_number_says_so(site: Served, lead: Page) -> None:
    change(site, alarms=[{**example_alarm(), "caller": None, "request_type": None}])
    expect(lead.locator("#alarms-list")).to_contain_text("Anrufer ohne Rufnummer")


def test_an_agent_is_set_to_pause(site: Served, lead: Page) -> None:
    lead.get_by_role("button", name="Ben Brinkmann in Pause setzen").click()
    assert asked(site, lead, "pause") == ("pause", "ben", "leitung")
    expect(row(lead, "ben")).to_contain_text("Pause durch Leitung (leitung)")
    expect(row(lead, "ben").locator("[data-part=pause]")).to_be_disabled()
    expect(lead.locator("#done")).to_have_text("Ben Brinkmann ist in Pause gesetzt.")


def test_logging_out_in_a_talk_says_what_that_means_first(site: Served, lead: Page) -> None:
    lead.get_by_role("button", name="Anna Ahrens abmelden").click()
    expect(lead.locator("#logout-text")).to_contain_text("Ein laufendes Gespräch wird nicht getrennt.")
    lead.keyboard.press("Escape")
    lead.get_by_role("button", name="Anna Ahrens abmelden").click()
    lead.get_by_role("button", name="Abbrechen").click()
    assert the_lead(site).asked == []
    lead.get_by_role("button", name="Anna Ahrens abmelden").click()
    lead.get_by_role("button", name="Trotzdem abmelden").click()
    assert asked(site, lead, "log_out") == ("log_out", "anna", "leitung", True)
    expect(row(lead, "anna")).to_contain_text("Feierabend durch Leitung (leitung)")


def test_who_is_free_is_logged_out_after_one_question(site: Served, lead: Page) -> None:
    lead.get_by_role("button", name="Ben Brinkmann abmelden").click()
    expect(lead.locator("#logout-text")).not_to_contain_text("Gespräch")
    lead.locator("#logout-yes").click()
    assert asked(site, lead, "log_out") == ("log_out", "ben", "leitung", False)


def test_a_refusal_stands_on_top_in_its_own_words(site: Served, lead: Page) -> None:
    the_lead(site).refusal = Refused("Ben Brinkmann ist schon in Pause.")
    lead.get_by_role("button", name="Ben Brinkmann in Pause setzen").click()
    expect(lead.locator("#refusal")).to_have_text("Ben Brinkmann ist schon in Pause.")


def test_an_announcement_is_switched_on_and_off(site: Served, lead: Page) -> None:
    expect(lead.locator("#announcement-until")).to_have_value("18:00")
    lead.get_by_label("Neue Ansage").fill("Störung im System.")
    lead.locator("#announcement-until").fill("12:30")
    lead.get_by_role("button", name="Ansage einschalten").click()
    assert asked(site, lead, "announce") == ("announce", "Störung im System.", "12:30", "leitung")
    expect(lead.locator("#announcement-on")).to_contain_text("Störung im System.")
    expect(lead.get_by_label("Neue Ansage")).to_have_value("")
    lead.get_by_role("button", name="Ansage ausschalten").click()
    assert asked(site, lead, "end_notice") == ("end_notice", 9, "leitung")
    expect(lead.locator("#announcement-on")).to_be_hidden()


def test_what_is_wrong_with_a_message_stands_beside_its_field(site: Served, lead: Page) -> None:
    the_lead(site).refusal = FormError({"until": "Bitte eine Uhrzeit angeben, die heute noch kommt."})
    lead.get_by_label("Neue Nachricht").fill("Bitte langsam.")
    lead.get_by_role("button", name="Nachricht senden").click()
    expect(lead.locator("#message-until-error")).to_contain_text("die heute noch kommt")
    expect(lead.locator("#message-until")).to_be_focused()
    the_lead(site).refusal = None
    lead.get_by_role("button", name="Nachricht senden").click()
    expect(lead.locator("#messages li")).to_contain_text("Bitte langsam.")
    expect(lead.locator("#message-until-error")).to_be_hidden()
    expect(lead.locator("#messages li")).to_contain_text("Noch nicht gelesen.")


def test_who_has_read_a_message_is_seen_and_it_can_be_ended(site: Served, lead: Page) -> None:
    change(site, messages=[{**example_message(), "read_by": ["Anna Ahrens"]}])
    expect(lead.locator("#messages li")).to_contain_text("Gelesen: Anna Ahrens.")
    lead.locator("#messages [data-part=end]").click()
    assert asked(site, lead, "end_notice") == ("end_notice", 4, "leitung")
    expect(lead.locator("#messages li")).to_have_count(0)


def test_a_note_that_is_being_written_is_not_replaced_by_news(site: Served, lead: Page) -> None:
    field = lead.get_by_label("Mietkosten", exact=True)
    expect(field).to_have_value("Neue Mietobergrenzen ab 1. Januar.")
    field.fill("Neue Grenzen ab Februar.")
    note = {"text": "Von jemand anderem.", "author": "admin", "at": the_lead(site).now()}
    change(site, knowledge={"rent": note, "move": note})
    expect(lead.get_by_label("Geplanter Umzug", exact=True)).to_have_value("Von jemand anderem.")
    expect(field).to_have_value("Neue Grenzen ab Februar.")
    lead.get_by_role("button", name="Hinweis zu Mietkosten speichern").click()
    assert asked(site, lead, "note") == ("note", "rent", "Neue Grenzen ab Februar.", "leitung")
    expect(lead.get_by_role("button", name="Hinweis zu Mietkosten speichern")).to_be_hidden()
    field.fill("Doch nicht.")
    lead.get_by_role("button", name="Änderung an Mietkosten verwerfen").click()
    expect(field).to_have_value("Neue Grenzen ab Februar.")


def test_page_says_when_it_is_not_up_to_date_and_comes_back_by_itself(site: Served, lead: Page) -> None:
    site.stop_pages()
    expect(lead.locator("#connection")).to_contain_text("nicht mehr aktuell")
    site.start_pages()
    expect(lead.locator("#connection")).to_be_hidden()
    change(site, waiting=example_waiting())
    expect(lead.locator("#waiting tr")).to_have_count(3)


def test_the_page_works_by_keyboard_alone(site: Served, lead: Page) -> None:
    row(lead, "ben").locator("[data-part=pause]").focus()
    lead.keyboard.press("Tab")
    lead.keyboard.press("Enter")
    expect(lead.locator("#logout-dialog")).to_be_visible()
    lead.keyboard.press("Enter")  # the first button has the focus
    assert asked(site, lead, "log_out")[:2] == ("log_out", "ben")


def test_buttons_stay_where_they_are_while_states_change(site: Served, lead: Page) -> None:
    button = row(lead, "ben").locator("[data-part=pause]")
    button.focus()
    site.do(the_lead(site).change_agent, "anna", state="ready", cause="wartet auf Anruf")
    expect(row(lead, "anna")).to_contain_text("Bereit")
    expect(button).to_be_focused()


# --- on the agent's page -----------------------------------------------------------------------


def test_a_message_stands_on_the_agents_page_until_it_is_read(site: Served, anna: Page) -> None:
    site.do(site.desk.change, messages=[example_message()])
    expect(anna.locator("#messages")).to_contain_text("Bitte heute keine Auskunft zu Bescheiden.")
    expect(anna.locator("#message-told")).to_contain_text("Nachricht von Lena Lorenz")
    anna.get_by_role("button", name="Nachricht gelesen").click()
    assert asked(site, anna, "message_read") == ("message_read", "anna", 4)
    expect(anna.locator("#messages")).to_be_hidden()


def test_the_agents_page_says_who_has_set_the_pause(site: Served, anna: Page) -> None:
    site.do(site.desk.change, state="pause", intent="pause", reason=None, cause="durch Leitung (lena)")
    expect(anna.locator(".state-now")).to_contain_text("Pause durch Leitung (lena)")


def test_who_is_logged_out_by_the_lead_is_told_who_did(site: Served, anna: Page, chromium: Browser) -> None:
    context = chromium.new_context()
    context.set_default_timeout(LIMIT * 1000)
    lead = context.new_page()
    log_in_lead(lead, site.url)
    lead.get_by_role("button", name="Anna Ahrens abmelden").click()
    lead.locator("#logout-yes").click()
    expect(anna.get_by_role("alert")).to_have_text("Die Leitung hat Sie abgemeldet.")
    expect(lead.locator("#done")).to_have_text("Anna Ahrens ist abgemeldet.")
    anna.goto(f"{site.url}/agent")
    expect(anna).to_have_url(f"{site.url}/login")
    context.close()


# --- for everybody -----------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("stage", LEAD_STAGES, ids=lambda stage: stage.__name__)
def test_leads_page_has_no_findings(chromium: Browser, stage: Callable[[Served, Page], None], scheme: str) -> None:
    with served("Probebetrieb") as site:
        context = chromium.new_context(viewport={"width": 1366, "height": 768}, color_scheme=scheme)  # type: ignore[arg-type]
        context.set_default_timeout(LIMIT * 1000)
        page = context.new_page()
        log_in_lead(page, site.url)
        stage(site, page)
        assert findings(page) == []
        context.close()


def test_message_on_the_agents_page_has_no_findings(site: Served, anna: Page) -> None:
    site.do(site.desk.change, messages=[example_message(), example_message("Zweite", 7)])
    expect(anna.locator("#messages li")).to_have_count(2)
    assert findings(anna) == []


@pytest.mark.parametrize("stage", [busy, troubled, alarmed, one_agent], ids=lambda stage: stage.__name__)
@pytest.mark.parametrize("width", [683, 360], ids=["1366 at 200 %", "telephone"])
def test_nothing_of_the_leads_page_needs_scrolling_sideways(
    chromium: Browser, stage: Callable[[Served, Page], None], width: int
) -> None:
    with served() as site:
        context = chromium.new_context(viewport={"width": width, "height": 720})
        page = context.new_page()
        log_in_lead(page, site.url)
        site.do(the_lead(site).change, agents=example_agents())
        stage(site, page)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        context.close()
