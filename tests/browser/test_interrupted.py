"""What a call or a silent service comes between: nothing covers a call, and what was typed or owed is not lost."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.served import Served
from tests.browser.work import answered, asked, ring
from tests.unit.doubles_callbacks import example_ring
from tests.unit.doubles_web import moment

TYPED = "Neue Notiz, noch nicht fertig"


def settled(site: Served, page: Page) -> None:
    """A call is written up, its receipt is read, and Anna waits for the next one."""
    answered(site, page)
    site.do(site.desk.wrap_up)
    page.fill("#field-note", "alte Notiz")
    page.check("[name=outcome][value=settled]")
    page.click("#dispose")
    expect(page.locator("#call")).to_be_hidden()
    page.click("#receipt-done")
    page.evaluate("() => fakeUa.session?.finish()")


def open_correction(page: Page) -> None:
    if page.locator("#today").get_attribute("open") is None:
        page.click("#today summary")
    page.get_by_role("button", name=re.compile("Berichtigen")).click()
    expect(page.locator("#correction")).to_be_visible()


def correcting(site: Served, page: Page) -> None:
    settled(site, page)
    open_correction(page)
    page.get_by_role("dialog").get_by_label("Kein Anliegen").check()
    page.fill("#fix-field-note", TYPED)


# --- nothing covers a call


def test_call_closes_the_correction_and_it_is_there_again_afterwards(site: Served, anna: Page) -> None:
    correcting(site, anna)
    site.do(site.desk.offer, "offer-2")
    expect(anna.locator("#correction")).to_be_hidden()
    ring(anna)
    anna.click("#answer")
    site.do(site.desk.talk)
    expect(anna.locator("#state-name")).to_have_text("Im Gespräch")
    site.do(site.desk.wrap_up)
    anna.check("[name=outcome][value=settled]")
    anna.click("#dispose")
    expect(anna.locator("#receipt")).to_be_visible()
    expect(anna.locator("#correction")).to_be_hidden()
    anna.evaluate("() => fakeUa.session?.finish()")
    anna.click("#receipt-done")
    expect(anna.locator("#correction")).to_be_visible()
    expect(anna.locator("#fix-field-note")).to_have_value(TYPED)
    anna.click("#correction-save")
    expect(anna.locator("#correction")).to_be_hidden()
    assert asked(site, anna, "correct")[-1][2:] == (1, "no_request", {"note": TYPED})
    anna.wait_for_timeout(1200)  # two ticks of the page
    expect(anna.locator("#correction")).to_be_hidden()


def test_correction_does_not_come_back_while_something_else_is_typed(site: Served, anna: Page) -> None:
    correcting(site, anna)
    site.do(site.desk.offer, "offer-2")
    expect(anna.locator("#correction")).to_be_hidden()
    anna.focus("#search-text")
    site.do(site.desk.release)
    expect(anna.locator("#call")).to_be_hidden()
    anna.wait_for_timeout(1200)  # two ticks of the page
    expect(anna.locator("#correction")).to_be_hidden()
    anna.locator("#search-text").blur()
    expect(anna.locator("#fix-field-note")).to_have_value(TYPED)
    expect(anna.locator("#correction")).to_be_visible()


def test_call_closes_the_text_for_copying(site: Served, anna: Page) -> None:
    anna.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')) }")
    settled(site, anna)
    anna.click("#today summary")
    anna.get_by_role("button", name=re.compile("Als Text kopieren:")).click()
    expect(anna.locator("#copy-dialog")).to_be_visible()
    site.do(site.desk.offer, "offer-2")
    expect(anna.locator("#copy-dialog")).to_be_hidden()
    ring(anna)
    anna.click("#answer")
    site.do(site.desk.release)
    anna.wait_for_timeout(600)  # a tick of the page
    expect(anna.locator("#copy-dialog")).to_be_hidden()


def test_callback_closes_the_correction(site: Served, anna: Page) -> None:
    correcting(site, anna)
    site.do(site.desk.change, state="talking", cause="im Gespräch", callback_call=example_ring("own"))
    expect(anna.locator("#correction")).to_be_hidden()
    expect(anna.locator("#callback-call")).to_be_visible()
    site.do(site.desk.change, callback_call=example_ring("over", result="talked", words="Das Gespräch ist zu Ende."))
    anna.wait_for_timeout(600)  # a tick of the page
    expect(anna.locator("#correction")).to_be_hidden()
    site.do(site.desk.release)
    site.do(site.desk.change, callback_call=None)
    expect(anna.locator("#fix-field-note")).to_have_value(TYPED)
    expect(anna.locator("#correction")).to_be_visible()


@pytest.mark.parametrize("dialog", ["#correction", "#check-dialog"])
def test_call_that_the_service_does_not_tell_of_is_not_covered(site: Served, anna: Page, dialog: str) -> None:
    if dialog == "#correction":
        correcting(site, anna)
    else:
        anna.click("#check-open")
    expect(anna.locator(dialog)).to_be_visible()
    site.stop_pages()
    expect(anna.locator("body")).to_have_attribute("data-connected", "false")
    ring(anna)
    expect(anna.locator(dialog)).to_be_hidden()
    anna.click("#orphan-answer")
    expect(anna.locator("#orphan-hangup")).to_be_visible()
    assert anna.evaluate("() => incoming.log") == ["answer"]


def test_correction_that_is_opened_in_mid_call_stays(site: Served, anna: Page) -> None:
    settled(site, anna)
    site.do(site.desk.offer, "offer-2")
    ring(anna)
    anna.click("#answer")
    site.do(site.desk.talk)
    expect(anna.locator("#state-name")).to_have_text("Im Gespräch")
    open_correction(anna)
    site.do(site.desk.change, cause="im Gespräch, wirklich", since=moment())
    expect(anna.locator("#state-cause")).to_have_text("im Gespräch, wirklich")
    anna.wait_for_timeout(600)  # a tick of the page
    expect(anna.locator("#correction")).to_be_visible()


def test_escape_keeps_what_is_typed_and_cancelling_throws_it_away(site: Served, anna: Page) -> None:
    correcting(site, anna)
    anna.keyboard.press("Escape")
    expect(anna.locator("#correction")).to_be_hidden()
    anna.wait_for_timeout(600)  # a tick of the page: it does not come back by itself
    expect(anna.locator("#correction")).to_be_hidden()
    open_correction(anna)
    expect(anna.locator("#fix-field-note")).to_have_value(TYPED)
    expect(anna.get_by_role("dialog").get_by_label("Kein Anliegen")).to_be_checked()
    anna.click("#correction-cancel")
    open_correction(anna)
    expect(anna.locator("#fix-field-note")).to_have_value("alte Notiz")
    expect(anna.get_by_role("dialog").get_by_label("Erledigt")).to_be_checked()


# --- what was typed while the service was away


def test_words_of_a_call_that_could_not_be_sent_wait_until_the_call_comes_back(site: Served, anna: Page) -> None:
    answered(site, anna)
    site.do(site.desk.wrap_up)
    site.stop_pages()
    anna.locator("#field-note").press_sequentially("im ersten Anruf")
    expect(anna.locator("#connection")).to_contain_text("Was Sie schreiben, bleibt erhalten")
    first = site.desk.seat["call"]
    site.do(site.desk.offer, "offer-2")
    site.do(site.desk.talk)
    site.start_pages()
    expect(anna.locator("#call-phase")).to_have_text("Im Gespräch")
    expect(anna.locator("#field-note")).to_have_value("")
    anna.fill("#field-note", "im zweiten Anruf")
    until_stored(site, anna, "call-of-offer-2", "im zweiten Anruf")
    site.do(site.desk.change, state="wrap_up", cause="Nacharbeit", call=first)
    expect(anna.locator("#field-note")).to_have_value("im ersten Anruf")
    until_stored(site, anna, "call-of-offer-1", "im ersten Anruf")


def until_stored(site: Served, page: Page, call_id: str, note: str) -> None:
    for _ in range(400):
        if site.services.writing.drafts.get(call_id, {}).get("values", {}).get("note") == note:
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"{note} never came to the service")


def test_only_the_last_few_calls_that_could_not_be_sent_are_kept_and_none_that_was(site: Served, anna: Page) -> None:
    anna.evaluate(
        """() => {
            for (let at = 0; at < 8; at += 1) {
                const kept = { number: 1, values: { note: "x" }, unsent: at !== 7, at };
                sessionStorage.setItem(`hotline-draft-old-${at}`, JSON.stringify(kept));
            }
        }"""
    )
    answered(site, anna)
    kept = anna.evaluate(
        "() => Object.keys(sessionStorage).filter((key) => key.startsWith('hotline-draft-old')).sort()"
    )
    assert kept == [f"hotline-draft-old-{at}" for at in range(2, 7)]


# --- the pop is told until the page's word has arrived


def test_page_says_again_that_it_shows_the_pop_until_it_is_heard(site: Served, anna: Page) -> None:
    refused = 0

    def fail(route: Route) -> None:
        nonlocal refused
        refused += 1
        if refused <= 6:
            route.fulfill(status=503, json={"message": "Die Datenbank antwortet nicht.", "fields": {}})
        else:
            route.continue_()

    anna.route("**/agent/offers/*/shown", fail)
    site.do(site.desk.offer)
    assert asked(site, anna, "offer_shown") == [("offer_shown", "anna", "offer-1")]
    assert refused == 7
    site.do(site.desk.change, cause="Anruf klingelt noch")
    expect(anna.locator("#state-cause")).to_have_text("Anruf klingelt noch")
    assert refused == 7, "what has arrived is not said again"


def test_connection_cut_between_the_pop_and_the_word_for_it(site: Served, anna: Page) -> None:
    lost: list[str] = []

    def lose(route: Route) -> None:
        lost.append(route.request.url)
        route.abort()

    anna.route("**/agent/offers/*/shown", lose)
    site.do(site.desk.offer)
    expect(anna.locator("#call[data-pop-rendered-at]")).to_be_visible()
    for _ in range(400):
        if len(lost) >= 3:
            break
        anna.wait_for_timeout(25)
    site.stop_pages()
    expect(anna.locator("body")).to_have_attribute("data-connected", "false")
    anna.unroute("**/agent/offers/*/shown")
    assert [ask for ask in site.desk.asked if ask[0] == "offer_shown"] == []
    site.start_pages()
    assert asked(site, anna, "offer_shown") == [("offer_shown", "anna", "offer-1")]
    expect(anna.locator("#call-type")).to_have_text("Mietkosten")
    ring(anna)
    expect(anna.locator("#answer")).to_be_enabled()
