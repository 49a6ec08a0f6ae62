"""What agents write about calls: nothing typed is lost, several requests in one call, corrections, text to copy."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.pictures import log_in
from tests.browser.served import Served
from tests.browser.work import answered, asked, ring
from tests.unit.doubles_web import refusing
from tests.unit.doubles_writing import AT, TEXT

PERSON = {"family_name": "Kruse", "given_name": "Sabine", "best_time": "vormittags"}
RENT = {"new_rent": "612,50", "from_date": "2026-12-01"}


def until(page: Page, met: Callable[[], Any], what: str) -> Any:
    for _ in range(200):
        if found := met():
            return found
        page.wait_for_timeout(25)
    raise AssertionError(what)


def kept(site: Served, page: Page, **values: str) -> dict[str, Any]:
    """The draft that the service has, once it has these values."""

    def has() -> Any:
        draft = site.services.writing.drafts.get("call-of-offer-1")
        return draft if draft and values.items() <= draft["values"].items() else None

    found: dict[str, Any] = until(page, has, f"{values} never came to the service")
    return found


def forward(page: Page) -> None:
    page.check("[name=outcome][value=forwarded]")
    for key, value in {**PERSON, **RENT}.items():
        page.fill(f"#field-{key}", value)
    page.select_option("#field-office", "rinteln")


# --- drafts


def test_what_is_typed_is_in_the_service_while_it_is_typed(site: Served, anna: Page) -> None:
    answered(site, anna)
    began = anna.evaluate("() => performance.now()")
    anna.locator("#field-note").press_sequentially("Miete steigt", delay=20)
    kept(site, anna, note="Miete steigt")
    assert anna.evaluate("() => performance.now()") - began < 12 * 20 + 1000 + 2000  # slow machines included
    assert kept(site, anna)["number"] == 1
    anna.check("[name=outcome][value=forwarded]")
    anna.fill("#field-new_rent", "612,50")
    kept(site, anna, note="Miete steigt", outcome="forwarded", new_rent="612,50")


def test_draft_is_there_in_a_browser_that_knows_nothing_of_it(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.fill("#field-note", "bleibt")
    anna.check("[name=outcome][value=forwarded]")
    anna.fill("#field-new_rent", "612,50")
    kept(site, anna, note="bleibt", new_rent="612,50")
    other = anna.context.browser
    assert other is not None
    fresh = other.new_context().new_page()
    log_in(fresh, site.url)
    expect(fresh.locator("#field-note")).to_have_value("bleibt")
    expect(fresh.locator("[name=outcome][value=forwarded]")).to_be_checked()
    expect(fresh.locator("#field-new_rent")).to_have_value("612,50")
    fresh.context.close()


def test_last_words_before_the_page_goes_are_kept(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.on("dialog", lambda dialog: dialog.accept())
    with anna.expect_navigation():
        anna.evaluate(
            """() => {
                const note = document.getElementById("field-note");
                note.value = "gerade noch";
                note.dispatchEvent(new Event("input", { bubbles: true }));
                sessionStorage.clear = () => {};
                location.assign("/login");
            }"""
        )
    kept(site, anna, note="gerade noch")


def test_page_reads_the_newer_draft_when_it_comes_to_the_front_and_never_while_typing(
    site: Served, anna: Page, context: BrowserContext
) -> None:
    answered(site, anna)
    anna.fill("#field-note", "erstes Fenster")
    kept(site, anna, note="erstes Fenster")
    second = context.new_page()
    second.goto(f"{site.url}/agent")
    expect(second.locator("#field-note")).to_have_value("erstes Fenster")
    second.fill("#field-note", "zweites Fenster")
    kept(site, second, note="zweites Fenster")
    expect(anna.locator("#field-note")).to_have_value("erstes Fenster")
    anna.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    expect(anna.locator("#field-note")).to_have_value("zweites Fenster")
    reads = [ask for ask in site.desk.asked if ask[0] == "draft"]
    anna.locator("#field-note").press_sequentially("!")
    anna.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    kept(site, anna, note="zweites Fenster!")
    assert [ask for ask in site.desk.asked if ask[0] == "draft"] == reads


def test_typing_goes_on_while_the_service_is_away_and_is_sent_when_it_is_back(site: Served, anna: Page) -> None:
    answered(site, anna)
    site.stop_pages()
    anna.locator("#field-note").press_sequentially("ohne Dienst")
    expect(anna.locator("#connection")).to_contain_text("Was Sie schreiben, bleibt erhalten")
    site.start_pages()
    kept(site, anna, note="ohne Dienst")
    expect(anna.locator("#field-note")).to_have_value("ohne Dienst")


def test_draft_that_is_not_stored_yet_is_sent_again(site: Served, anna: Page) -> None:
    site.services.writing.works = False
    answered(site, anna)
    anna.fill("#field-note", "noch nicht auf der Platte")
    kept(site, anna, note="noch nicht auf der Platte")
    sent = len([ask for ask in site.desk.asked if ask[0] == "save_draft"])
    site.services.writing.works = True
    until(anna, lambda: len([a for a in site.desk.asked if a[0] == "save_draft"]) > sent, "it was not sent again")


# --- several requests


def test_second_request_of_one_call_has_its_own_form_and_receipt(site: Served, anna: Page) -> None:
    answered(site, anna)
    site.do(site.desk.wrap_up)
    forward(anna)
    anna.click("#dispose-more")
    expect(anna.locator("#receipt-number")).to_have_text("26-4821-7305")
    expect(anna.locator("#receipt")).to_be_focused()
    expect(anna.locator("#disposition-heading")).to_have_text("Weiteres Anliegen festhalten (2.)")
    expect(anna.locator("#written-before")).to_contain_text("Mietkosten: Weitergegeben, 26-4821-7305")
    expect(anna.locator("[name=outcome]:checked")).to_have_count(0)
    anna.click("#receipt-done")
    expect(anna.locator("#field-note")).to_be_focused()
    anna.select_option("#field-request_type", "income")
    expect(anna.locator("#call-type")).to_have_text("Einkommen")
    anna.check("[name=outcome][value=forwarded]")
    expect(anna.locator("#field-family_name")).to_have_value("Kruse")  # it is the same caller
    expect(anna.locator("#field-office")).to_have_value("rinteln")
    expect(anna.locator("#field-note")).to_have_value("")
    anna.fill("#field-from_date", "2026-12-01")
    anna.click("#dispose")
    expect(anna.locator("#receipt-number")).to_have_text("26-0000-0002")
    expect(anna.locator("#receipt-before-list")).to_contain_text("Mietkosten: Weitergegeben 26-4821-7305")
    expect(anna.locator("#call")).to_be_hidden()
    sent = asked(site, anna, "dispose")
    assert [ask[-2:] for ask in sent] == [(1, True), (2, False)]
    assert "request_type" not in sent[1][4]
    anna.reload()
    expect(anna.locator("#receipt-number")).to_have_text("26-0000-0002")


def test_form_of_the_second_request_is_kept_also_when_the_answer_comes_after_the_news(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.evaluate(
        """() => {
            const fetched = window.fetch;
            window.fetch = async (path, options) => {
                const answer = await fetched(path, options);
                if (String(path).endsWith("/disposition")) {
                    while (document.getElementById("further").hidden) await new Promise((done) => setTimeout(done, 20));
                }
                return answer;
            };
        }"""
    )
    anna.check("[name=outcome][value=settled]")
    anna.click("#dispose-more")
    expect(anna.locator("#further")).to_be_visible()
    expect(anna.locator("#dispose")).to_be_enabled()
    anna.fill("#field-note", "zum zweiten Anliegen")
    assert kept(site, anna, note="zum zweiten Anliegen")["number"] == 2


def test_further_request_that_was_none(site: Served, anna: Page) -> None:
    answered(site, anna)
    site.do(site.desk.wrap_up)
    anna.check("[name=outcome][value=settled]")
    anna.click("#dispose-more")
    expect(anna.locator("#finish")).to_be_visible()
    anna.click("#finish")
    asked(site, anna, "finish")
    expect(anna.locator("#call")).to_be_hidden()


def test_call_that_was_closed_in_the_talk_takes_a_further_request(site: Served, anna: Page) -> None:
    answered(site, anna)
    expect(anna.locator("#finish")).to_be_hidden()
    anna.check("[name=outcome][value=settled]")
    anna.fill("#field-note", "erstes")
    anna.click("#dispose")
    expect(anna.locator("#disposition")).to_be_hidden()
    anna.locator("#another").focus()
    anna.keyboard.press("Enter")
    expect(anna.locator("#disposition-heading")).to_have_text("Weiteres Anliegen festhalten (2.)")
    expect(anna.locator("#field-note")).to_have_value("")
    anna.fill("#field-note", "zweites")
    assert kept(site, anna, note="zweites")["number"] == 2


def test_draft_of_the_second_request_survives_a_reload(site: Served, anna: Page) -> None:
    answered(site, anna)
    anna.check("[name=outcome][value=settled]")
    anna.click("#dispose-more")
    expect(anna.locator("#further")).to_be_visible()
    anna.fill("#field-note", "zum zweiten Anliegen")
    kept(site, anna, note="zum zweiten Anliegen")
    anna.on("dialog", lambda dialog: dialog.accept())
    anna.evaluate("() => sessionStorage.clear()")
    anna.reload()
    expect(anna.locator("#field-note")).to_have_value("zum zweiten Anliegen")


def test_what_a_colleague_has_written_about_the_call_is_shown_but_not_read_out(site: Served, anna: Page) -> None:
    done = {"number": 1, "agent": "ben", "type": "Einkommen", "outcome": "settled", "receipt": None, "due": None}
    site.do(site.desk.offer, written=[done], number=2)
    ring(anna)
    anna.click("#answer")
    site.do(site.desk.talk)
    expect(anna.locator("#written-before")).to_have_text("Einkommen: Erledigt (Ben Brinkmann)")
    expect(anna.locator("#receipt")).to_be_hidden()


# --- who is responsible


def test_responsible_case_worker_is_shown_with_the_rule_and_can_be_overridden(site: Served, anna: Page) -> None:
    answered(site, anna)
    forward(anna)
    anna.locator("#field-note").focus()
    expect(anna.locator("#responsible-line")).to_have_text(
        "Zuständig: Frau Falke (Stadthagen, Buchstaben A bis K, alle Anliegen)"
    )
    anna.locator("#responsible-change").focus()
    anna.keyboard.press("Enter")
    expect(anna.locator("#field-responsible")).to_be_focused()
    chosen = anna.locator("#field-responsible option").nth(1).get_attribute("value")
    anna.select_option("#field-responsible", chosen)
    anna.fill("#field-responsible_reason", "kennt den Fall")
    anna.click("#dispose")
    sent = asked(site, anna, "dispose")[-1][4]
    assert (sent["responsible"], sent["responsible_reason"]) == (chosen, "kennt den Fall")


def test_rule_holds_when_nothing_else_was_chosen(site: Served, anna: Page) -> None:
    answered(site, anna)
    forward(anna)
    anna.click("#dispose")
    sent = asked(site, anna, "dispose")[-1][4]
    assert not {"responsible", "responsible_reason", "sms"} & set(sent)


def test_receipt_by_short_message_is_asked_for_only_where_it_can_be_sent(
    site: Served, anna: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = site.services.promises.who
    monkeypatch.setattr(site.services.promises, "who", lambda *asked: {**who(*asked), "sms": True})
    answered(site, anna)
    expect(anna.locator("#field-sms")).to_be_hidden()
    forward(anna)
    anna.locator("#field-note").focus()
    anna.get_by_label("Vorgangsnummer auch per SMS").select_option("yes")
    kept(site, anna, sms="yes")
    anna.click("#dispose")
    assert asked(site, anna, "dispose")[-1][4]["sms"] == "yes"


# --- corrections and text


def closed(site: Served, page: Page, outcome: str = "settled") -> None:
    answered(site, page)
    site.do(site.desk.wrap_up)
    page.fill("#field-note", "alte Notiz")
    if outcome == "forwarded":
        forward(page)
    page.check(f"[name=outcome][value={outcome}]")
    page.click("#dispose")
    expect(page.locator("#call")).to_be_hidden()


def test_todays_writing_is_corrected_by_keyboard(site: Served, anna: Page) -> None:
    closed(site, anna)
    anna.locator("#today summary").focus()
    anna.keyboard.press("Enter")
    entry = anna.locator("#today-list li")
    expect(entry).to_contain_text("Mietkosten: Erledigt")
    expect(entry).to_contain_text("alte Notiz")
    entry.get_by_role("button", name=re.compile("Berichtigen")).focus()
    anna.keyboard.press("Enter")
    expect(anna.locator("#fix-field-note")).to_be_focused()
    expect(anna.locator("#fix-field-note")).to_have_value("alte Notiz")
    anna.get_by_role("dialog").get_by_label("Kein Anliegen").check()
    anna.fill("#fix-field-note", "neue Notiz")
    anna.keyboard.press("Tab")
    anna.click("#correction-save")
    expect(anna.locator("#correction")).to_be_hidden()
    expect(anna.locator("#announce")).to_have_text("Der Eintrag ist berichtigt.")
    expect(entry).to_contain_text("neue Notiz")
    expect(entry).to_contain_text("berichtigt um")
    assert asked(site, anna, "correct")[-1][2:] == (1, "no_request", {"note": "neue Notiz"})


def test_correction_of_a_promise_keeps_it_and_says_so(site: Served, anna: Page) -> None:
    closed(site, anna, "forwarded")
    anna.click("#today summary")
    anna.get_by_role("button", name=re.compile("Berichtigen")).click()
    expect(anna.locator("#correction-kept")).to_be_visible()
    expect(anna.locator("#correction-outcomes .choice")).to_have_count(1)
    expect(anna.locator("#correction-office")).to_be_hidden()
    anna.fill("#fix-field-family_name", "")
    anna.click("#correction-save")
    expect(anna.locator("#fix-error-family_name")).to_have_text("Bitte ausfüllen.")
    expect(anna.locator("#fix-field-family_name")).to_be_focused()
    anna.fill("#fix-field-family_name", "Krause")
    anna.click("#correction-save")
    expect(anna.locator("#correction")).to_be_hidden()
    sent = asked(site, anna, "correct")[-1][4]
    assert (sent["family_name"], sent["new_rent"]) == ("Krause", "612,50")


def test_settled_call_asks_for_person_and_form_when_it_is_forwarded_afterwards(site: Served, anna: Page) -> None:
    closed(site, anna)
    anna.click("#today summary")
    anna.get_by_role("button", name=re.compile("Berichtigen")).click()
    expect(anna.locator("#fix-field-family_name")).to_be_hidden()
    anna.get_by_role("dialog").get_by_label("Weitergegeben").check()
    for field in ("family_name", "office", "new_rent"):
        expect(anna.locator(f"#fix-field-{field}")).to_be_visible()
    anna.keyboard.press("Escape")
    expect(anna.locator("#correction")).to_be_hidden()


def test_refused_correction_and_list_are_told_in_words(site: Served, anna: Page) -> None:
    closed(site, anna)
    anna.click("#today summary")
    anna.get_by_role("button", name=re.compile("Berichtigen")).click()
    site.desk.refusal = refusing("Berichtigen lässt sich nur, was heute festgehalten wurde.")
    anna.click("#correction-save")
    expect(anna.locator("#correction-message")).to_contain_text("nur, was heute")
    anna.keyboard.press("Escape")
    anna.click("#today summary")
    anna.click("#today summary")
    expect(anna.locator("#today-problem")).to_contain_text("nur, was heute")


def test_call_is_copied_as_text(site: Served, anna: Page, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    closed(site, anna)
    anna.click("#receipt-copy")
    expect(anna.locator("#receipt-copied")).to_have_text("Der Text ist kopiert.")
    assert anna.evaluate("() => navigator.clipboard.readText()") == TEXT
    anna.click("#today summary")
    anna.get_by_role("button", name=re.compile("Als Text kopieren:")).click()
    expect(anna.locator("[data-part=copied]")).to_have_text("Der Text ist kopiert.")


def test_text_is_marked_for_copying_by_hand_where_the_clipboard_is_closed(site: Served, anna: Page) -> None:
    anna.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')) }")
    closed(site, anna)
    anna.click("#receipt-copy")
    expect(anna.locator("#copy-text")).to_be_focused()
    assert anna.evaluate("() => getSelection().toString()") == TEXT.rstrip("\n") or anna.evaluate(
        "() => { const t = document.getElementById('copy-text'); return t.selectionEnd - t.selectionStart }"
    ) == len(TEXT)
    expect(anna.locator("#receipt-copied")).to_contain_text("Strg+C")
    anna.click("#copy-close")
    expect(anna.locator("#copy-dialog")).to_be_hidden()


@pytest.mark.parametrize("outcome", ["settled", "forwarded"])
def test_common_case_of_one_request_is_one_click(site: Served, anna: Page, outcome: str) -> None:
    closed(site, anna, outcome)
    assert [ask[-2:] for ask in asked(site, anna, "dispose")] == [(1, False)]
    assert site.services.writing.entries[0]["at"] == AT
    expect(anna.locator("#state-name")).to_have_text("Bereit")
