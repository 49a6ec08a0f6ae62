"""The admin's pages in their states: `python -m tests.browser.admin_pictures DIRECTORY [STATE …]`."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.served import CHROMIUM, FLAGS, Served, served
from tests.unit.doubles_admin import FakeChanging, example_warning
from tests.unit.doubles_web import PASSWORD, FakeUser

WIDE, PHONE = (1280, 900), (390, 844)
ADMIN = "klara"


def log_in_admin(site: Served, page: Page, name: str = ADMIN) -> None:
    site.accounts.users[name] = FakeUser(name, "admin")
    page.goto(f"{site.url}/login")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("button.primary")
    page.wait_for_url("**/lead")


def changing(site: Served) -> FakeChanging:
    return site.services.changing  # type: ignore[return-value]


def show(site: Served, page: Page, path: str) -> None:
    page.goto(site.url + path)
    page.wait_for_load_state("networkidle")


def overview(site: Served, page: Page) -> None:
    show(site, page, "/admin")


def drafted(site: Served, page: Page) -> None:
    """A draft with changes, a warning, and another version that came between."""
    changing(site).remarks = [example_warning()]
    site.do(changing(site).as_somebody_else, "Auf Wiederhören.", "Tschüss, und danke für Ihren Anruf.")
    site.do(changing(site).as_somebody_else, 'friday: ["08:00-18:00"]', 'friday: ["08:00-12:00"]')
    show(site, page, "/admin")


def outrun(site: Served, page: Page) -> None:
    drafted(site, page)
    site.do(changing(site).activate_as_somebody_else, "Wir zeichnen nichts auf.", "Nichts wird aufgezeichnet.")
    show(site, page, "/admin")


def broken(site: Served, page: Page) -> None:
    site.do(changing(site).as_somebody_else, "office: rinteln, skills", "office: berlin, skills")
    show(site, page, "/admin")


def hours(site: Served, page: Page) -> None:
    show(site, page, "/admin/hours")
    page.get_by_role("button", name="Nächster Freitag").click()
    page.get_by_role("button", name="Nachmittag").click()


def wrong_hours(site: Served, page: Page) -> None:
    show(site, page, "/admin/hours")
    page.locator("[name=friday-end]").fill("07:00")
    page.get_by_role("button", name="Öffnungszeiten in den Entwurf").click()
    page.wait_for_selector("#friday-error:not([hidden])")


def outdated(site: Served, page: Page) -> None:
    show(site, page, "/admin/hours")
    page.locator("[name=friday-end]").fill("16:00")
    site.do(changing(site).as_somebody_else, "Auf Wiederhören.", "Tschüss.")
    page.get_by_role("button", name="Öffnungszeiten in den Entwurf").click()
    page.wait_for_selector("#outdated:not([hidden])")


def agents(site: Served, page: Page) -> None:
    show(site, page, "/admin/agents")
    page.get_by_label("Ben Brinkmann: leistung").select_option("second")
    page.locator("#people summary").first.click()


def texts(site: Served, page: Page) -> None:
    show(site, page, "/admin/texts")
    page.locator("[name='de.goodbye']").fill("Auf Wiederhören. " * 12)


def case_workers(site: Served, page: Page) -> None:
    show(site, page, "/admin/case-workers")
    page.locator("#workers summary").first.click()
    page.locator("#workers [data-add-row]").first.click()


def distribution(site: Served, page: Page) -> None:
    show(site, page, "/admin/distribution")


def file(site: Served, page: Page) -> None:
    changing(site).remarks = [example_warning()]
    site.do(changing(site).as_somebody_else, "office: rinteln, skills", "office: berlin, skills")
    show(site, page, "/admin/file")
    page.locator("#findings button").first.click()


def trying(site: Served, page: Page) -> None:
    drafted(site, page)
    show(site, page, "/admin/try")
    page.fill("#explain-at", "2026-11-27T14:00")
    page.select_option("#explain-type", "4")
    page.get_by_role("button", name="Zeigen").click()
    page.wait_for_selector("#explained:not([hidden])")
    page.get_by_role("button", name="Vergleichen").click()
    page.wait_for_selector("#replayed:not([hidden])")


def history(site: Served, page: Page) -> None:
    site.do(changing(site).activate_as_somebody_else, "Auf Wiederhören.", "Tschüss.")
    show(site, page, "/admin/history")


def version(site: Served, page: Page) -> None:
    history(site, page)
    show(site, page, "/admin/history/1?with=2")


def activating(site: Served, page: Page) -> None:
    site.do(changing(site).as_somebody_else, "Auf Wiederhören.", "Tschüss.")
    site.do(hold, site)
    show(site, page, "/admin")
    page.fill("#reason", "Neuer Abschied")
    page.get_by_role("button", name="In Kraft setzen").click()
    page.wait_for_selector("#activation:not([hidden])")


def activated(site: Served, page: Page) -> None:
    activating(site, page)
    site.do(release, site)
    page.wait_for_selector("#activation-result:not([hidden])")


def shapeless(site: Served, page: Page) -> None:
    site.do(changing(site).as_somebody_else, "agents:", "agents: 7\nold:")
    show(site, page, "/admin/agents")


def hold(site: Served) -> None:
    changing(site).hold = asyncio.Event()


def release(site: Served) -> None:
    event = changing(site).hold
    assert event is not None
    event.set()


ADMIN_STAGES: list[Callable[[Served, Page], None]] = [
    *(overview, drafted, outrun, broken, hours, wrong_hours, outdated, agents, texts, case_workers, distribution),
    *(file, trying, history, version, activating, activated, shapeless),
]


def main(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for stage in (one for one in ADMIN_STAGES if not names or one.__name__ in names):
            _pictures(browser, folder, stage)
        browser.close()


def _pictures(browser: Browser, folder: Path, stage: Callable[[Served, Page], None]) -> None:
    """Each width and colour scheme of one state, in one visit."""
    with served() as site:
        page = browser.new_page(locale="de-DE")
        page.set_default_timeout(60_000)
        log_in_admin(site, page)
        stage(site, page)
        page.mouse.move(0, 0)
        for width, height in (WIDE, PHONE):
            page.set_viewport_size({"width": width, "height": height})
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                page.screenshot(path=folder / f"admin-{stage.__name__}-{width}-{scheme}.png", full_page=True)
        page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
