"""Every state of the pages for whoever wants to look at them: `python -m tests.browser.pictures DIRECTORY`."""

import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.served import CHROMIUM, FLAGS, Served, served
from tests.browser.softphone import use_fake_softphone
from tests.browser.stages_beside import BESIDE
from tests.unit.doubles_callbacks import example_offer, example_task
from tests.unit.doubles_promises import TOKEN
from tests.unit.doubles_web import PASSWORD, example_callbacks, example_handed, example_history, moment

TRIAL = "Probebetrieb: Geschäftszeit verschoben auf Montag, 23. November 2026, 10:00 Uhr"
WIDE, LARGE, SMALL, PHONE = (1280, 720), (1920, 1080), (1024, 640), (390, 844)


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


def due(site: Served, page: Page) -> None:
    """A callback that has kept its place is to be started."""
    page.wait_for_function("() => window.fakeUa?.started")
    offer = example_offer(moment(52))
    told = {"state": "due", "cause": "Rückruf an der Reihe", "callbacks": [offer["task"]], "callback_offer": offer}
    site.do(site.desk.change, **told)
    page.wait_for_selector("#callback-start:not([hidden])")


def talking(site: Served, page: Page) -> None:
    offered(site, page)
    page.click("#answer")
    site.do(site.desk.talk)
    site.do(site.desk.change_call, identity="birth_date_and_address", history=example_history())
    page.wait_for_selector("#history:not([hidden])")
    page.fill("#field-note", "Miete steigt zum 1. Dezember auf 612,50 Euro warm.")


def caller_waits(site: Served, page: Page) -> None:
    """The caller on the screen waits for a callback, too."""
    offered(site, page)
    page.click("#answer")
    site.do(site.desk.talk)
    task = example_task(taken_by=None, place={"since": moment(-1500), "from": None, "until": None})
    site.do(site.desk.change, callbacks_of_caller=[task])
    page.wait_for_selector("#caller-waits:not([hidden])")


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


def responsible(site: Served, page: Page) -> None:
    """Who will get the request, and somebody else is chosen."""
    talking(site, page)
    page.check("[name=outcome][value=forwarded]")
    page.fill("#field-family_name", "Kruse")
    page.select_option("#field-office", "stadthagen")
    page.wait_for_selector("#responsible:not([hidden])")
    page.click("#responsible-change")
    page.select_option("#field-responsible", index=1)


def further(site: Served, page: Page) -> None:
    """The second request of one call, the first one is still to be read out."""
    wrap_up(site, page)
    for key in ("given_name", "best_time"):
        page.fill(f"#field-{key}", "Sabine")
    page.select_option("#field-office", "stadthagen")
    page.fill("#field-new_rent", "612,50")
    page.fill("#field-from_date", "2026-12-01")
    page.click("#dispose-more")
    page.wait_for_selector("#further:not([hidden])")


def written_up(site: Served, page: Page) -> None:
    """Closed during the talk, which goes on."""
    receipt(site, page)
    page.click("#receipt-done")
    page.wait_for_selector("#written-up:not([hidden])")


def today(site: Served, page: Page) -> None:
    written_up(site, page)
    page.click("#today summary")
    page.wait_for_selector("#today-list li")


def correcting(site: Served, page: Page) -> None:
    today(site, page)
    page.click("#today-list [data-part=correct]")
    page.fill("#fix-field-family_name", "")
    page.click("#correction-save")
    page.wait_for_selector("#fix-error-family_name:not([hidden])")


def copying(site: Served, page: Page) -> None:
    """The clipboard is closed."""
    today(site, page)
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')) }")
    page.click("#today-list [data-part=copy]")
    page.wait_for_selector("#copy-dialog[open]")


def missed(site: Served, page: Page) -> None:
    hotline = {**site.desk.seat["hotline"], "waiting": 2, "ready": 0}
    hotline["alarm"] = "Es warten 2 Anrufe und niemand ist bereit. Bitte auf „Bereit“ klicken."
    site.do(site.desk.change, state="not_ready", cause="Anruf nicht angenommen, 10:02", hotline=hotline)
    page.wait_for_selector("#alarm:not([hidden])")


def choosing(site: Served, page: Page) -> None:
    """To whom shall the caller go?"""
    talking(site, page)
    page.click("#transfer-open")
    page.fill("#transfer-number", "abc")
    page.fill("#transfer-note", "Frage zu den Nebenkosten.")
    page.click("[value=blind]")
    page.wait_for_selector("#transfer-problem:not([hidden])")


def asking(site: Served, page: Page) -> None:
    """Anna asks Ben, the caller hears music."""
    talking(site, page)
    transfer = {"how": "consult", "kind": "agent", "target": "Ben Brinkmann", "state": "talking", "why": None}
    site.do(site.desk.change_call, transfer=transfer)
    page.wait_for_selector("#transfer-complete:not([hidden])")


def not_reached(site: Served, page: Page) -> None:
    talking(site, page)
    why = "Ben Brinkmann hat nicht abgenommen."
    transfer = {"how": "consult", "kind": "agent", "target": "Ben Brinkmann", "state": "failed", "why": why}
    site.do(site.desk.change_call, transfer=transfer)
    page.wait_for_selector("#situation:not([hidden])")


def asked_by_ben(site: Served, page: Page) -> None:
    ready(site, page)
    page.wait_for_function("() => window.fakeUa?.started")
    site.do(site.desk.offer, handed=example_handed(), identity="birth_date_and_address")
    page.evaluate("fakeUa.ring()")
    page.wait_for_selector("#answer:not([disabled])")


def consulted(site: Served, page: Page) -> None:
    asked_by_ben(site, page)
    page.click("#answer")
    site.do(site.desk.consulted)
    page.wait_for_selector("#situation:not([hidden])")


def taken_over(site: Served, page: Page) -> None:
    consulted(site, page)
    site.do(site.desk.talk)
    page.wait_for_selector("#situation", state="hidden")
    page.check("[name=outcome][value=forwarded]")


def lost(site: Served, page: Page) -> None:
    talking(site, page)
    page.evaluate("fakeUa.session.finish()")
    site.do(site.desk.lose)
    page.wait_for_selector("#situation:not([hidden])")


def away(site: Served, page: Page) -> None:
    ready(site, page)
    page.wait_for_function("() => window.fakeUa?.started")
    site.stop_pages()
    page.wait_for_selector("#presence-note:not([hidden])")


def orphan(site: Served, page: Page) -> None:
    """A call out of Asterisk's fallback."""
    away(site, page)
    page.evaluate("fakeUa.ring()")
    page.wait_for_selector("#orphan:not([hidden])")


def orphan_talking(site: Served, page: Page) -> None:
    orphan(site, page)
    page.click("#orphan-answer")
    page.fill("#notes-list textarea", "Frau Kruse, 05722 123456, neue Miete 612,50 ab 1.12., bitte zurückrufen.")


def noted(site: Served, page: Page) -> None:
    """The service is back, and what was written down meanwhile is still there."""
    orphan_talking(site, page)
    page.evaluate("fakeUa.session.finish()")
    site.start_pages()
    page.wait_for_selector("#connection", state="hidden")


STAGES: list[Callable[[Served, Page], None]] = [
    *(ready, offered, due, caller_waits, talking, wrap_up, receipt, missed),
    *(responsible, further, written_up, today, correcting, copying),
    *(choosing, asking, not_reached, asked_by_ben, consulted, taken_over),
    *(lost, away, orphan, orphan_talking, noted),
    *BESIDE,
]


def agent_pages(browser: Browser, folder: Path, size: tuple[int, int], scheme: str, zoom: float = 1) -> None:
    for stage in STAGES:
        with served(TRIAL if stage is missed else None) as site:
            viewport = {"width": round(size[0] / zoom), "height": round(size[1] / zoom)}
            context = browser.new_context(viewport=viewport, color_scheme=scheme, device_scale_factor=zoom)  # type: ignore[arg-type]
            page = context.new_page()
            use_fake_softphone(page)
            log_in(page, site.url)
            stage(site, page)
            page.wait_for_timeout(100)  # the last change is painted
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
        for scheme in ("light", "dark"):
            agent_pages(browser, folder, WIDE, scheme)
            agent_pages(browser, folder, SMALL, scheme)
            small_pages(browser, folder, PHONE, scheme)
            small_pages(browser, folder, WIDE, scheme)
        agent_pages(browser, folder, LARGE, "light")
        agent_pages(browser, folder, WIDE, "light", 2)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
