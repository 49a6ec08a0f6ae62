"""The case worker's page on a telephone 360 px wide: every report, without findings, within reach."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.served import LIMIT, Served
from tests.browser.test_accessibility import findings
from tests.unit.doubles_promises import OLD_TOKEN, TOKEN, FakePromises

WIDTH = 360
SMALLEST = 44
"""CSS pixels that a finger needs."""


@pytest.fixture(params=["light", "dark"])
def telephone(chromium: Browser, site: Served, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = chromium.new_context(
        viewport={"width": WIDTH, "height": 740},
        has_touch=True,
        is_mobile=True,
        color_scheme=request.param,
    )
    context.set_default_timeout(LIMIT * 1000)
    page = context.new_page()
    page.goto(f"{site.url}/promise/{TOKEN}")
    yield page
    assert findings(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= WIDTH
    context.close()


def asked(site: Served) -> list[tuple[object, ...]]:
    promises = site.services.promises
    assert isinstance(promises, FakePromises)
    return promises.asked


def test_answer_is_confirmed_and_the_page_shows_the_result(site: Served, telephone: Page) -> None:
    telephone.get_by_label("Telefonisch").check()
    telephone.get_by_label("Notiz (freiwillig)").fill("zurückgerufen")
    telephone.get_by_role("button", name="Als erledigt bestätigen").click()
    expect(telephone.get_by_role("status")).to_contain_text("Erledigt.")
    assert asked(site) == [("answered", TOKEN, "phone", "zurückgerufen")]
    expect(telephone.get_by_role("button")).to_have_count(0)


def test_try_in_vain_is_entered_and_shown(site: Served, telephone: Page) -> None:
    telephone.get_by_text("Nicht erreicht").click()
    telephone.get_by_label("Notiz zum Versuch").fill("niemand da")
    telephone.get_by_role("button", name="Versuch eintragen").click()
    expect(telephone.get_by_role("listitem")).to_contain_text("Montag, 23. November 2026, 12:00 Uhr")
    assert asked(site) == [("not_reached", TOKEN, "niemand da")]


def test_new_day_is_chosen_from_a_list(site: Served, telephone: Page) -> None:
    telephone.get_by_text("Es dauert länger").click()
    telephone.get_by_label("Antwort bis").select_option("Freitag, 27. November 2026")
    telephone.get_by_label("Grund").locator("visible=true").fill("Akte fehlt")
    telephone.get_by_role("button", name="Neuen Termin zusagen").click()
    expect(telephone.locator(".notice")).to_contain_text("Zugesagt bis Freitag, 27. November 2026")
    assert asked(site) == [("takes_longer", TOKEN, "2026-11-27", "Akte fehlt")]


def test_request_is_handed_on_and_the_page_says_who_has_it(site: Served, telephone: Page) -> None:
    telephone.get_by_text("Nicht meine Sache").click()
    telephone.get_by_label("Weitergeben an").select_option("heine@jobcenter.example")
    telephone.get_by_label("Grund").locator("visible=true").fill("Rinteln")
    telephone.get_by_role("button", name="Weitergeben", exact=True).click()
    expect(telephone.get_by_role("status")).to_contain_text("Frau Heine")
    assert asked(site) == [("hand_on", TOKEN, "heine@jobcenter.example", "Rinteln")]


def test_finding_is_said_at_its_field_and_what_was_typed_stays(telephone: Page) -> None:
    telephone.get_by_text("Nicht meine Sache").click()
    telephone.get_by_label("Weitergeben an").select_option("team")
    reason = telephone.get_by_label("Grund").locator("visible=true")
    reason.fill("   ")
    telephone.get_by_role("button", name="Weitergeben", exact=True).click()
    expect(telephone.get_by_role("alert")).to_contain_text("Bitte nennen Sie einen Grund.")
    expect(reason).to_have_attribute("aria-invalid", "true")
    expect(telephone.get_by_label("Weitergeben an")).to_have_value("team")


def test_everything_that_is_touched_is_large_enough(telephone: Page) -> None:
    for summary in telephone.locator("summary").all():
        summary.click()
    touched = "[...document.querySelectorAll('button, summary, .choice')]"
    heights = telephone.evaluate(f"() => {touched}.map((it) => it.getBoundingClientRect().height)")
    assert len(heights) >= 10
    assert min(heights) >= SMALLEST


def test_link_that_was_handed_on_says_who_has_it(site: Served, telephone: Page) -> None:
    telephone.goto(f"{site.url}/promise/{OLD_TOKEN}")
    expect(telephone.get_by_role("status")).to_contain_text("Frau Heine")
    expect(telephone.get_by_role("button")).to_have_count(0)
