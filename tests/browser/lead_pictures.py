"""The lead's page in each of its states: `python -m tests.browser.lead_pictures DIRECTORY`."""

import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from agents.forms import FormError
from tests.browser.served import CHROMIUM, FLAGS, Served, served
from tests.unit.doubles_lead import (
    example_alarm,
    example_given_up,
    example_kept,
    example_mails,
    example_message,
    example_waiting,
)
from tests.unit.doubles_web import PASSWORD

WIDE, SMALL, PHONE = (1366, 900), (1024, 640), (390, 844)


def log_in_lead(page: Page, url: str) -> None:
    page.goto(f"{url}/login")
    page.fill("#name", "leitung")
    page.fill("#password", PASSWORD)
    page.click("button.primary")
    page.wait_for_selector("#main[data-state=known]")


def quiet(site: Served, page: Page) -> None:
    page.wait_for_selector("#agents tr")


def busy(site: Served, page: Page) -> None:
    hotline = {**site.services.lead.page["hotline"], "waiting": 2, "ready": 1}  # type: ignore[attr-defined]
    on = {**example_message("Wegen einer Störung im System können wir heute keine Auskunft geben."), "id": 9}
    messages = [{**example_message(), "read_by": ["Anna Ahrens", "Ben Brinkmann"]}]
    told = {"waiting": example_waiting(), "hotline": hotline, "announcement": on, "messages": messages}
    site.do(site.services.lead.change, **told)  # type: ignore[attr-defined]
    page.wait_for_selector("#waiting tr:nth-child(3)")


def keeping(site: Served, page: Page) -> None:
    """Callers, and callbacks that keep their place among them."""
    busy(site, page)
    site.do(site.services.lead.change, waiting=[*example_waiting(), *example_kept()])  # type: ignore[attr-defined]
    page.wait_for_selector("#waiting tr:nth-child(6)")


def troubled(site: Served, page: Page) -> None:
    """Mails that came back, callers who were not reached."""
    lead = site.services.lead
    mails = example_mails()
    figures = {**lead.page["figures"], "mails": mails, "mails_stuck": 60, "callbacks_overdue": 1}  # type: ignore[attr-defined]
    site.do(lead.change, figures=figures, callbacks_given_up=example_given_up())  # type: ignore[attr-defined]
    page.wait_for_selector("#mails li:nth-child(2)")
    page.wait_for_selector("#given-up li:nth-child(2)")


def elsewhere(site: Served, page: Page) -> None:
    """A mail that came back is to go to another address."""
    troubled(site, page)
    page.locator("#mails [data-part=other]").first.click()
    page.wait_for_selector("#mail-dialog[open]")


def alarmed(site: Served, page: Page) -> None:
    busy(site, page)
    hotline = {**site.services.lead.page["hotline"], "alarm": "niemand"}  # type: ignore[attr-defined]
    site.do(site.services.lead.change, alarms=[example_alarm()], hotline=hotline)  # type: ignore[attr-defined]
    page.wait_for_selector("#alarms-list li")


def refused(site: Served, page: Page) -> None:
    """Both forms were sent with what cannot be."""
    site.services.lead.refusal = FormError(  # type: ignore[attr-defined]
        {"text": "Bitte einen Text eingeben.", "until": "Bitte eine Uhrzeit angeben, die heute noch kommt."}
    )
    for name in ("announcement", "message"):
        page.click(f"#{name}-form button")
        page.wait_for_selector(f"#{name}-until-error:not([hidden])")
    page.fill("#note-rent", "Neue Mietobergrenzen ab 1. Februar.")


def asking(site: Served, page: Page) -> None:
    page.click("#agents tr[data-key=anna] [data-part=logout]")
    page.wait_for_selector("#logout-dialog[open]")


def stale(site: Served, page: Page) -> None:
    figures = {**site.services.lead.page["figures"], "fresh": False}  # type: ignore[attr-defined]
    site.do(site.services.lead.change, figures=figures)  # type: ignore[attr-defined]
    page.wait_for_selector("#figures-old:not([hidden])")


def away(site: Served, page: Page) -> None:
    site.stop_pages()
    page.wait_for_selector("#connection:not([hidden])")


def one_agent(site: Served, page: Page) -> None:
    page.goto(f"{site.url}/lead/agents/anna")
    page.wait_for_selector("h1")


LEAD_STAGES: list[Callable[[Served, Page], None]] = [
    quiet,
    busy,
    keeping,
    troubled,
    elsewhere,
    alarmed,
    refused,
    asking,
    stale,
    away,
    one_agent,
]


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for scheme in ("light", "dark"):
            for size in (WIDE, SMALL, PHONE):
                _pictures(browser, folder, size, scheme)
        browser.close()


def _pictures(browser: Browser, folder: Path, size: tuple[int, int], scheme: str) -> None:
    for stage in LEAD_STAGES:
        with served() as site:
            viewport = {"width": size[0], "height": size[1]}
            page = browser.new_context(viewport=viewport, color_scheme=scheme).new_page()  # type: ignore[arg-type]
            log_in_lead(page, site.url)
            stage(site, page)
            page.mouse.move(0, 0)
            page.screenshot(path=folder / f"lead-{stage.__name__}-{size[0]}-{scheme}.png", full_page=True)
            page.context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
