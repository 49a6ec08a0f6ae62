"""Callbacks rung from the page, search and „Mein Tag“ in a real browser."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pictures import log_in
from tests.browser.served import LIMIT, Served, served
from tests.browser.softphone import use_fake_softphone
from tests.browser.test_accessibility import findings
from tests.browser.work import asked, ring
from tests.unit.doubles_callbacks import FakeCallbacks, example_ring, example_task
from tests.unit.doubles_web import moment, refusing


def _callbacks(site: Served) -> FakeCallbacks:
    found = site.services.callbacks
    assert isinstance(found, FakeCallbacks)
    return found


def _asked(site: Served, page: Page, name: str) -> tuple[str, ...]:
    """What the service was asked last under this name, once it was asked at all."""
    for _ in range(200):
        if found := [ask for ask in _callbacks(site).asked if ask[0] == name]:
            return found[-1]
        page.wait_for_timeout(25)
    raise AssertionError(f"{name} was never asked; asked were {_callbacks(site).asked}")


def _taken(site: Served, page: Page) -> None:
    site.do(site.desk.change, callbacks=[example_task()])
    expect(page.locator("#callbacks .callback")).to_have_count(1)


def _pressed(site: Served, page: Page) -> None:
    """Anna has pressed the button, and her telephone is about to ring."""
    _taken(site, page)
    page.get_by_role("button", name="05751 40210 anrufen").click()
    assert _asked(site, page, "ring_callback") == ("ring_callback", "anna", "7")
    _stage(site, "own")
    expect(page.locator("#callback-call")).to_be_visible()


def _stage(site: Served, stage: str, **values: object) -> None:
    state = {"over": "wrap_up"}.get(stage, "talking")
    site.do(site.desk.change, state=state, cause="im Gespräch", callback_call=example_ring(stage, **values))


def _ended(site: Served, page: Page, result: str = "talked", words: str = "Das Gespräch ist zu Ende.") -> None:
    page.evaluate("() => fakeUa.session?.finish()")
    _stage(site, "over", result=result, words=words)
    expect(page.locator("#callback-finish")).to_be_visible()


# --- ringing


def test_callback_is_rung_and_this_window_picks_up_by_itself(site: Served, anna: Page) -> None:
    _pressed(site, anna)
    expect(anna.locator("#callback-call-number")).to_have_text("05751 40210")
    expect(anna.locator("#callback-call-heading")).to_have_text("Rückruf: Mietkosten")
    expect(anna.locator("#callback-call-household")).to_have_text("31402987654")
    expect(anna.locator("#no-call")).to_be_hidden()
    expect(anna.locator("#callbacks .callback form")).to_be_hidden()
    ring(anna)
    anna.wait_for_function("() => incoming.log.includes('answer')")
    _stage(site, "caller")
    expect(anna.locator("#callback-call-stage")).to_have_text("Es klingelt dort")
    _stage(site, "talking", talked_since=moment())
    expect(anna.locator("#announce")).to_have_text("Rückruf: Im Gespräch.")
    anna.keyboard.press("Alt+m")
    expect(anna.locator("#callback-mute")).to_have_attribute("aria-pressed", "true")
    anna.keyboard.press("Alt+u")
    assert _asked(site, anna, "hang_up_callback") == ("hang_up_callback", "anna", "7")
    expect(anna.locator("#orphan")).to_be_hidden()


def test_window_that_was_not_pressed_rings_and_is_answered_by_key(site: Served, anna: Page) -> None:
    site.do(site.desk.change, callbacks=[example_task()])
    _stage(site, "own")
    ring(anna)
    expect(anna.locator("#callback-answer")).to_be_visible()
    assert anna.evaluate("() => incoming.log") == []
    anna.keyboard.press("Alt+a")
    assert anna.evaluate("() => incoming.log") == ["answer"]


def test_outcome_is_chosen_after_the_call_and_the_note_is_kept_meanwhile(site: Served, anna: Page) -> None:
    _pressed(site, anna)
    ring(anna)
    anna.wait_for_function("() => fakeUa.session?.up")
    _stage(site, "talking")
    anna.keyboard.press("Alt+n")
    anna.keyboard.type("nach Miete gefragt")
    expect(anna.locator("#callback-finish")).to_be_hidden()
    _ended(site, anna)
    expect(anna.locator("#callback-note")).to_have_value("nach Miete gefragt")
    expect(anna.locator("#callback-call [value=reached]")).to_be_checked()
    anna.click("#callback-finish")
    asked(site, anna, "finish_callback")
    assert site.desk.asked[-1] == ("finish_callback", "anna", "7", "reached", "nach Miete gefragt")
    site.do(site.desk.change, state="ready", callback_call=None)
    expect(anna.locator("#callback-call")).to_be_hidden()
    expect(anna.locator("#no-call")).to_be_visible()


def test_note_survives_a_reload_and_goes_with_the_outcome(site: Served, anna: Page) -> None:
    _taken(site, anna)
    _stage(site, "over", result="talked", words="Das Gespräch ist zu Ende.")
    anna.fill("#callback-note", "Bescheid erklärt")
    anna.reload()
    expect(anna.locator("#callback-note")).to_have_value("Bescheid erklärt")
    anna.click("#callback-finish")
    asked(site, anna, "finish_callback")
    anna.wait_for_function("() => sessionStorage.getItem('hotline-callback-note') === null")  # once it has the answer


def test_caller_who_was_not_reached_is_suggested_as_such(site: Served, anna: Page) -> None:
    _pressed(site, anna)
    _ended(site, anna, "no_answer", "Es hat niemand abgenommen.")
    expect(anna.locator("#callback-call-hint")).to_contain_text("Es hat niemand abgenommen.")
    expect(anna.locator("#callback-call [value=not_reached]")).to_be_checked()
    anna.click("#callback-finish")
    asked(site, anna, "finish_callback")
    expect(anna.locator("#announce")).to_contain_text("kommt später wieder an die Reihe")


def test_nothing_is_sent_without_an_outcome(site: Served, anna: Page) -> None:
    _taken(site, anna)
    _stage(site, "over", result="cancelled", words="Sie haben aufgelegt, bevor sich jemand gemeldet hat.")
    anna.click("#callback-finish")
    expect(anna.locator("#callback-error")).to_have_text("Bitte wählen Sie, wie der Rückruf ausging.")
    assert not [ask for ask in site.desk.asked if ask[0] == "finish_callback"]


def test_own_telephone_that_was_not_taken_is_told_beside_the_task(site: Served, anna: Page) -> None:
    _taken(site, anna)
    words = "Ihr Telefon hat nicht abgenommen. Angerufen wurde niemand."
    site.do(site.desk.change, callback_call=example_ring("over", asks=False, result="own_missed", words=words))
    expect(anna.locator("#callback-call")).to_be_hidden()
    expect(anna.locator("#callbacks [data-part=why]")).to_have_text(words)
    expect(anna.get_by_role("button", name="05751 40210 anrufen")).to_be_enabled()


def test_refused_ring_is_told_in_words(site: Served, anna: Page) -> None:
    _taken(site, anna)
    _callbacks(site).refusal = refusing("Ihr Telefon ist gerade besetzt.")
    anna.get_by_role("button", name="05751 40210 anrufen").click()
    expect(anna.locator("#refusal")).to_have_text("Ihr Telefon ist gerade besetzt.")


# --- tries


def test_tasks_not_due_stand_under_later_until_their_time_comes(site: Served, anna: Page) -> None:
    soon = example_task(id="8", number="0171 2345678", tries=1, next_try=moment(3), taken_by=None)
    late = example_task(id="9", number="05721 4711", tries=2, next_try=moment(3000), taken_by=None)
    site.do(site.desk.change, callbacks=[example_task(), soon, late])
    expect(anna.locator("#callbacks-later-count")).to_have_text("2")
    expect(anna.locator("#callbacks-count")).to_have_text("1")
    anna.click("#callbacks-later-part summary")
    expect(anna.locator("#callbacks-later .callback").last).to_contain_text(
        "2 von 3 Versuchen ohne Erfolg, nächster ab"
    )
    expect(anna.locator("#callbacks .callback")).to_have_count(2)  # without news from the service


def test_number_that_may_not_be_rung_says_why(site: Served, anna: Page) -> None:
    why = "Für Anrufe nach außen ist kein Anschluss eingerichtet."
    site.do(site.desk.change, callbacks=[example_task(can_ring=False, why_not=why)])
    expect(anna.locator("#callbacks [data-part=why]")).to_have_text(why)
    expect(anna.locator("#callbacks [data-part=ring]")).to_be_hidden()
    expect(anna.locator("#callbacks form")).to_be_visible()


def test_those_closed_after_the_last_try_stay_visible(site: Served, anna: Page) -> None:
    site.do(site.desk.change, callbacks_given_up=[example_task(tries=3)])
    anna.click("#callbacks-given-up-part summary")
    expect(anna.locator("#callbacks-given-up")).to_contain_text("Mietkosten · 3 Versuche")


# --- search


def _search(page: Page, text: str) -> None:
    page.keyboard.press("Alt+s")
    expect(page.locator("#search-text")).to_be_focused()
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_search_by_keyboard_shows_hits_and_opens_contents_only_on_request(site: Served, anna: Page) -> None:
    _search(anna, "05722 123456")
    expect(anna.locator("#search-status")).to_have_text("3 Treffer.")
    assert _asked(site, anna, "search") == ("search", "anna", "05722 123456")
    expect(anna.locator(".hit").first).to_contain_text("Zusage 26-4821-7305 Mietkosten")
    expect(anna.locator("#search-panel")).not_to_contain_text("Kruse")
    button = anna.locator(".hit button").first
    expect(button).to_have_accessible_name("Zusage 26-4821-7305 Mietkosten öffnen")
    button.press("Enter")
    assert _asked(site, anna, "open_hit") == ("open_hit", "anna", "promise", "abc")
    expect(anna.locator(".hit").first).to_contain_text("Sabine Kruse")
    expect(anna.locator(".hit").first).to_contain_text("<b>Schreiben</b>")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(button).to_have_accessible_name("Zusage 26-4821-7305 Mietkosten schließen")
    button.press("Enter")
    expect(anna.locator("#search-panel")).not_to_contain_text("Kruse")
    anna.keyboard.press("Escape")
    expect(anna.locator("#search-panel")).to_be_hidden()
    expect(anna.locator("#search-text")).to_be_focused()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Bitte eine Vorgangsnummer"),
        ("Kruse", "nicht nach Namen"),
        ("26-4821-7306", "Tippfehler"),
        ("<script>", "nicht nach Namen"),
    ],
)
def test_search_for_nothing_is_answered_in_plain_words(site: Served, anna: Page, text: str, words: str) -> None:
    _search(anna, text)
    expect(anna.locator("#search-error")).to_contain_text(words)
    expect(anna.locator("#search-text")).to_have_attribute("aria-invalid", "true")
    expect(anna.locator("#search-panel")).to_be_hidden()


def test_nothing_found_is_said(site: Served, anna: Page) -> None:
    _callbacks(site).hits = []
    _search(anna, "314021")
    expect(anna.locator("#search-status")).to_have_text("Nichts gefunden.")


# --- „Mein Tag“


def _open_day(page: Page) -> None:
    page.click("#day-open")
    expect(page.locator("#day-panel-heading")).to_be_focused()


def test_day_shows_talks_promises_callbacks_and_who_called_in_vain(site: Served, anna: Page) -> None:
    _open_day(anna)
    expect(anna.locator("#day-calls li").first).to_contain_text("05722 4711")
    expect(anna.locator("#day-calls li").first).to_contain_text("3:15 min")
    expect(anna.locator("#day-calls li").last).to_contain_text("unterdrückt")
    expect(anna.locator("#day-promises")).to_contain_text("26-4821-7305")
    expect(anna.locator("#day-callbacks")).to_contain_text("erreicht")
    expect(anna.locator("#day-missed li")).to_have_count(2)
    expect(anna.locator("#day-missed button")).to_have_count(1)


def test_caller_in_vain_becomes_a_callback(site: Served, anna: Page) -> None:
    _open_day(anna)
    anna.get_by_role("button", name="Rückruf anlegen für 05722 123456").click()
    assert _asked(site, anna, "callback_for") == ("callback_for", "anna", "gone1")
    expect(anna.locator("#announce")).to_have_text("Der Rückruf steht auf der Liste.")
    expect(anna.locator("#day-missed")).to_contain_text("Rückruf steht auf der Liste")
    expect(anna.locator("#day-missed button")).to_have_count(0)


def test_open_day_follows_what_happens_and_closes_by_escape(site: Served, anna: Page) -> None:
    _open_day(anna)
    site.do(_callbacks(site).told.update, calls=[])
    site.do(site.desk.change, state="pause")
    expect(anna.locator("#day-calls-none")).to_be_visible()
    anna.keyboard.press("Escape")
    expect(anna.locator("#day-panel")).to_be_hidden()
    expect(anna.locator("#day-open")).to_be_focused()


# --- for everybody


def _everything(site: Served, page: Page) -> None:
    later = example_task(id="9", tries=2, next_try=moment(3000), taken_by="ben")
    here = [
        example_task(),
        example_task("0900 5123", id="8", can_ring=False, why_not="Diese Nummer darf nicht …"),
        later,
    ]
    site.do(site.desk.change, callbacks=here, callbacks_given_up=[example_task(tries=3)])
    for part in ("later", "given-up"):
        page.click(f"#callbacks-{part}-part summary")
    _search(page, "05722 123456")
    page.get_by_role("button", name="Zusage 26-4821-7305 Mietkosten öffnen").click()
    expect(page.locator(".hit").first).to_contain_text("Sabine Kruse")
    _open_day(page)


def _ringing(site: Served, page: Page) -> None:
    _everything(site, page)
    _stage(site, "talking")
    expect(page.locator("#callback-call")).to_be_visible()


def _over(site: Served, page: Page) -> None:
    _everything(site, page)
    _stage(site, "over", result="busy", words="Es war besetzt, oder der Anruf wurde abgelehnt.")
    expect(page.locator("#callback-finish")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("stage", [_everything, _ringing, _over], ids=lambda stage: stage.__name__)
def test_no_findings_of_axe(chromium: Browser, stage: object, scheme: str) -> None:
    with served() as site:
        context = chromium.new_context(viewport={"width": 1280, "height": 720}, color_scheme=scheme)  # type: ignore[arg-type]
        context.set_default_timeout(LIMIT * 1000)
        use_fake_softphone(context)
        page = context.new_page()
        log_in(page, site.url)
        stage(site, page)  # type: ignore[operator]
        assert findings(page) == []
        context.close()


@pytest.mark.parametrize("width", [1280, 640, 360])
def test_nothing_needs_scrolling_sideways(chromium: Browser, width: int) -> None:
    with served() as site:
        context = chromium.new_context(viewport={"width": width, "height": 720})
        use_fake_softphone(context)
        page = context.new_page()
        log_in(page, site.url)
        _ringing(site, page)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        context.close()
