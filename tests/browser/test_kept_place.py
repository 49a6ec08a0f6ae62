"""A callback that has kept its place, in a real browser: offered like a call, started with one press."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.lead_pictures import log_in_lead
from tests.browser.served import Served
from tests.browser.test_callbacks import _asked as asked_callbacks
from tests.browser.test_callbacks import _callbacks, _stage
from tests.browser.work import answered, asked, ring
from tests.unit.doubles_callbacks import example_offer, example_ring, example_task
from tests.unit.doubles_lead import example_kept, example_waiting
from tests.unit.doubles_web import moment, refusing


def _offer(site: Served, **values: Any) -> None:
    offer = example_offer(moment(60), **values)
    task = offer["task"]
    site.do(site.desk.change, state="due", cause="Rückruf an der Reihe", callbacks=[task], callback_offer=offer)


def _gone(site: Served) -> None:
    site.do(site.desk.change, state="ready", cause="wartet auf Anruf", callbacks=[], callback_offer=None)


def test_callback_in_its_turn_rings_and_shows_number_type_and_wait(site: Served, anna: Page) -> None:
    _offer(site)
    expect(anna.locator("#callback-call-heading")).to_have_text("Rückruf: Mietkosten")
    expect(anna.locator("#callback-call-number")).to_have_text("05751 40210")
    expect(anna.locator("#callback-call-place")).to_contain_text("Platz in der Reihe seit")
    expect(anna.locator("#callback-call-earlier")).to_have_text("2")
    expect(anna.locator("#callback-call-clock")).to_contain_text("noch ")
    expect(anna.locator("#announce")).to_have_text("Rückruf an der Reihe: Mietkosten, Nummer 05751 40210.")
    expect(anna.locator("#state-name")).to_have_text("Rückruf an der Reihe")
    expect(anna.locator("#state-cause")).to_be_empty()
    expect(anna.locator("body")).to_have_attribute("data-ringing", "true")
    expect(anna).to_have_title("☎ Rückruf: Mietkosten – Telefonservice – Jobcenter Schaumburg")
    expect(anna.locator("#no-call")).to_be_hidden()
    expect(anna.locator("#callback-call-form")).to_be_hidden()
    expect(anna.locator("#callbacks [data-part=take]")).to_be_hidden()
    _gone(site)
    expect(anna.locator("body")).to_have_attribute("data-ringing", "false")
    expect(anna.locator("#callback-call")).to_be_hidden()
    expect(anna.locator("#no-call")).to_be_visible()


def test_one_key_starts_it_and_the_own_telephone_is_picked_up_by_itself(site: Served, anna: Page) -> None:
    _offer(site)
    expect(anna.locator("#callback-start")).to_be_visible()
    anna.keyboard.press("Alt+a")
    assert asked_callbacks(site, anna, "ring_callback") == ("ring_callback", "anna", "7")
    expect(anna.locator("body")).to_have_attribute("data-ringing", "false")
    site.do(site.desk.change, state="talking", callback_offer=None, callback_call=example_ring("own"))
    ring(anna)
    anna.wait_for_function("() => incoming.log.includes('answer')")
    _stage(site, "talking", talked_since=moment())
    expect(anna.locator("#callback-start")).to_be_hidden()
    expect(anna.locator("#callback-call-form")).to_be_visible()


def test_pressed_twice_it_is_asked_for_once(site: Served, anna: Page) -> None:
    _offer(site)
    anna.locator("#callback-start").dblclick()
    asked_callbacks(site, anna, "ring_callback")
    anna.wait_for_timeout(100)  # nothing else may come: there is no condition to wait for
    assert len([ask for ask in _callbacks(site).asked if ask[0] == "ring_callback"]) == 1


def test_start_that_is_refused_can_be_tried_again(site: Served, anna: Page) -> None:
    _offer(site)
    _callbacks(site).refusal = refusing("Ihr Telefon ist gerade besetzt.")
    anna.click("#callback-start")
    expect(anna.locator("#refusal")).to_have_text("Ihr Telefon ist gerade besetzt.")
    expect(anna.locator("#callback-start")).to_be_visible()
    _callbacks(site).refusal = None
    anna.click("#callback-start")
    expect(anna.locator("#callback-start")).to_be_hidden()


def test_one_key_refuses_it(site: Served, anna: Page) -> None:
    _offer(site)
    expect(anna.locator("#callback-refuse")).to_be_visible()
    anna.keyboard.press("Alt+r")
    assert asked_callbacks(site, anna, "refuse_callback") == ("refuse_callback", "anna", "7")
    expect(anna.locator("#callback-call")).to_be_hidden()
    expect(anna.locator("body")).to_have_attribute("data-ringing", "false")


def test_next_offer_of_the_same_callback_rings_again(site: Served, anna: Page) -> None:
    _offer(site)
    anna.click("#callback-refuse")
    _gone(site)
    _offer(site, offer_id="due-2")
    expect(anna.locator("#callback-start")).to_be_visible()
    expect(anna.locator("body")).to_have_attribute("data-ringing", "true")


def test_window_that_was_wished_for_and_language_are_shown(site: Served, anna: Page) -> None:
    place = {"since": None, "from": moment(-600), "until": moment(3600)}
    _offer(site, task=example_task(taken_by=None, place=place, language="Englisch"))
    expect(anna.locator("#callback-call-place")).to_contain_text("gewünscht")
    expect(anna.locator("#callback-call-language")).to_have_text("Sprache: Englisch")
    expect(anna.locator("#callbacks [data-part=facts]")).to_contain_text("Englisch")


def test_caller_who_waits_for_a_callback_too_is_shown_as_such_and_it_is_closed(site: Served, anna: Page) -> None:
    task = example_task(taken_by=None, place={"since": moment(-1500), "from": None, "until": None})
    answered(site, anna)
    site.do(site.desk.change, callbacks_of_caller=[task], callbacks=[task])
    expect(anna.locator("#caller-waits")).to_contain_text("Wartet auch auf einen Rückruf")
    expect(anna.locator("#caller-waits-list")).to_contain_text("Mietkosten, Platz in der Reihe seit")
    anna.get_by_role("button", name="Rückruf Mietkosten ist nicht mehr nötig").click()
    assert asked(site, anna, "finish_callback")[-1] == ("finish_callback", "anna", "7", "not_needed", "")
    site.do(site.desk.change, callbacks_of_caller=[])
    expect(anna.locator("#caller-waits")).to_be_hidden()


def test_lead_sees_kept_places_among_the_callers(site: Served, page: Page) -> None:
    log_in_lead(page, site.url)
    site.do(site.services.lead.change, waiting=[*example_waiting(), *example_kept()])  # type: ignore[attr-defined]
    rows = page.locator("#waiting tr")
    expect(rows).to_have_count(6)
    expect(rows.nth(3)).to_contain_text("Rückruf, angeboten: Ben Brinkmann")
    expect(rows.nth(4)).to_contain_text("Rückruf, hält den Platz")
    expect(rows.nth(5)).to_contain_text("Rückruf, gewünscht")
    expect(page).to_have_title("3 warten – Leitung – Jobcenter Schaumburg")
