"""The documentation's pictures, each page light and dark: `python -m tests.browser.documentation docs/images`.

With names behind the folder only these: `… docs/images admin admin-try`.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import admin_pictures, lead_pictures, pictures, stages_beside
from tests.browser.served import CHROMIUM, FLAGS, Served, served
from tests.browser.softphone import use_fake_softphone
from tests.unit.doubles_promises import TOKEN
from tests.unit.doubles_web import PASSWORD

DESK, PHONE = (1280, 800), (390, 844)
SCHEMES = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Shown:
    """One page in one state; `name` and scheme make the file's name."""

    name: str
    enter: Callable[[Served, Page], None]
    size: tuple[int, int] = DESK
    part: str | None = None
    """The part of the page to be seen; None for all of it."""


def as_agent(stage: Callable[[Served, Page], None]) -> Callable[[Served, Page], None]:
    def enter(site: Served, page: Page) -> None:
        pictures.log_in(page, site.url)
        stage(site, page)

    return enter


def as_lead(stage: Callable[[Served, Page], None]) -> Callable[[Served, Page], None]:
    def enter(site: Served, page: Page) -> None:
        lead_pictures.log_in_lead(page, site.url)
        stage(site, page)

    return enter


def as_admin(stage: Callable[[Served, Page], None]) -> Callable[[Served, Page], None]:
    def enter(site: Served, page: Page) -> None:
        admin_pictures.log_in_admin(site, page)
        stage(site, page)

    return enter


def login(site: Served, page: Page) -> None:
    page.goto(f"{site.url}/login")


def account(site: Served, page: Page) -> None:
    page.goto(f"{site.url}/account")


def audit(site: Served, page: Page) -> None:
    page.goto(f"{site.url}/login")
    page.fill("#name", "prüferin")
    page.fill("#password", PASSWORD)
    page.click("button.primary")
    page.goto(f"{site.url}/audit")


def promise(site: Served, page: Page) -> None:
    page.goto(f"{site.url}/promise/{TOKEN}")


SHOWN = (
    Shown("login", login),
    Shown("check", as_agent(stages_beside.checking)),
    Shown("offered", as_agent(pictures.offered)),
    Shown("due", as_agent(pictures.due)),
    Shown("agent", as_agent(pictures.talking)),
    Shown("choosing", as_agent(pictures.choosing)),
    Shown("receipt", as_agent(pictures.receipt)),
    Shown("today", as_agent(pictures.today)),
    Shown("threat", as_agent(stages_beside.threat_armed)),
    Shown("lead", as_lead(lead_pictures.busy)),
    Shown("promise", promise, PHONE),
    Shown("admin", as_admin(admin_pictures.drafted)),
    Shown("admin-agents", as_admin(admin_pictures.agents), part="section:has(#skills-form)"),
    Shown("admin-try", as_admin(admin_pictures.trying), part="#explained"),
    Shown("admin-activated", as_admin(admin_pictures.activated), part="#activation-result"),
    Shown("account", as_agent(account)),
    Shown("audit", audit),
)


def main(folder: Path, *names: str) -> None:
    """Writes NAME-light.png and NAME-dark.png for each page, or for those that are named."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for shown in (one for one in SHOWN if not names or one.name in names):
            for scheme in SCHEMES:
                _take(browser, shown, scheme, folder / f"{shown.name}-{scheme}.png")
        browser.close()


def _take(browser: Browser, shown: Shown, scheme: str, path: Path) -> None:
    with served() as site:
        viewport = {"width": shown.size[0], "height": shown.size[1]}
        seen = {"viewport": viewport, "color_scheme": scheme, "locale": "de-DE", "permissions": ["notifications"]}
        context = browser.new_context(**seen)  # type: ignore[arg-type]
        use_fake_softphone(context)
        page = context.new_page()
        shown.enter(site, page)
        page.mouse.move(0, 0)
        page.wait_for_timeout(100)  # the last change is painted
        if shown.part is None:
            page.screenshot(path=path, full_page=True)
        else:
            page.locator(shown.part).screenshot(path=path)
        context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
