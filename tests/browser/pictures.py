"""Pictures of the pages for the documentation: `python -m tests.browser.pictures DIRECTORY`."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.served import CHROMIUM, FLAGS, Served, served
from tests.browser.softphone import use_fake_softphone
from tests.unit.doubles_web import PASSWORD, TOKEN, example_callbacks, example_history

TRIAL = "Probebetrieb: Geschäftszeit verschoben auf Montag, 23. November 2026, 10:00 Uhr"
WIDE, LARGE, PHONE = (1366, 768), (1920, 1080), (390, 844)


def log_in(page: Page, url: str, name: str = "anna") -> None:
    page.goto(f"{url}/login")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("button.primary")
    page.wait_for_selector("#state:not([data-state=unknown])")


def ready(site: Served, page: Page) -> None:
    site.do(site.desk.change, callbacks=example_callbacks())
    page.wait_for_selector(".callback")


def offered(site: Served, page: Page) -> None:
    ready(site, page)
    page.wait_for_function("() => window.fakeUa?.started")
    site.do(site.desk.offer)
    page.evaluate("fakeUa.ring()")
    page.wait_for_selector("#answer:not([disabled])")


def talking(site: Served, page: Page) -> None:
    offered(site, page)
    page.click("#answer")
    site.do(site.desk.talk)
    site.do(site.desk.change_call, identity="birth_date_and_address", history=example_history())
    page.wait_for_selector("#history:not([hidden])")
    page.fill("#field-note", "Miete steigt zum 1. Dezember auf 612,50 Euro warm.")


def wrap_up(site: Served, page: Page) -> None:
    talking(site, page)
    page.evaluate("fakeUa.session.finish()")
    site.do(site.desk.wrap_up)
    page.check("[name=outcome][value=forwarded]")
    page.fill("#field-family_name", "Kruse")
    page.click("#dispose")
    page.wait_for_selector("#error-office:not([hidden])")


def receipt(site: Served, page: Page) -> None:
    talking(site, page)
    page.check("[name=outcome][value=forwarded]")
    for key in ("family_name", "given_name", "best_time"):
        page.fill(f"#field-{key}", "Kruse")
    page.select_option("#field-office", "rinteln")
    page.fill("#field-new_rent", "612,50")
    page.fill("#field-from_date", "2026-12-01")
    page.click("#dispose")
    page.wait_for_selector("#receipt:not([hidden])")


def missed(site: Served, page: Page) -> None:
    hotline = {**site.desk.seat["hotline"], "waiting": 2, "ready": 0}
    hotline["alarm"] = "Es warten 2 Anrufe und niemand ist bereit. Bitte auf „Bereit“ klicken."
    site.do(site.desk.change, state="not_ready", cause="Anruf nicht angenommen, 10:02", hotline=hotline)
    page.wait_for_selector("#alarm:not([hidden])")


STAGES: list[Callable[[Served, Page], None]] = [ready, offered, talking, wrap_up, receipt, missed]


def agent_pages(browser: Browser, folder: Path, size: tuple[int, int], scheme: str, zoom: float = 1) -> None:
    for stage in STAGES:
        with served(TRIAL if stage is missed else None) as site:
            viewport = {"width": round(size[0] / zoom), "height": round(size[1] / zoom)}
            context = browser.new_context(viewport=viewport, color_scheme=scheme, device_scale_factor=zoom)  # type: ignore[arg-type]
            page = context.new_page()
            use_fake_softphone(page)
            log_in(page, site.url)
            stage(site, page)
            page.screenshot(
                path=folder / f"agent-{stage.__name__}-{size[0]}-{scheme}{'-zoom' if zoom > 1 else ''}.png",
                full_page=True,
            )
            context.close()


def small_pages(browser: Browser, folder: Path, size: tuple[int, int], scheme: str) -> None:
    with served(TRIAL) as site:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()
        for name, path in (("login", "/login"), ("promise", f"/promise/{TOKEN}"), ("expired", "/promise/x")):
            page.goto(site.url + path)
            page.screenshot(path=folder / f"{name}-{size[0]}-{scheme}.png", full_page=True)
        page.goto(f"{site.url}/promise/{TOKEN}")
        page.check("[value=phone]")
        page.click("button.primary")
        page.screenshot(path=folder / f"kept-{size[0]}-{scheme}.png", full_page=True)
        context.close()


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        if os.environ.get("PICTURES") == "all":
            for scheme in ("light", "dark"):
                agent_pages(browser, folder, WIDE, scheme)
                small_pages(browser, folder, PHONE, scheme)
                small_pages(browser, folder, WIDE, scheme)
            agent_pages(browser, folder, LARGE, "light")
            agent_pages(browser, folder, WIDE, "light", 2)
        else:
            picture(browser, folder)
        browser.close()


def picture(browser: Browser, folder: Path) -> None:
    """The one of the README."""
    with served() as site:
        viewport = {"width": WIDE[0], "height": 900}
        page = browser.new_context(viewport=viewport, permissions=["notifications"]).new_page()  # type: ignore[arg-type]
        use_fake_softphone(page)
        log_in(page, site.url)
        talking(site, page)
        page.screenshot(path=folder / "agent.png")
        page.context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
