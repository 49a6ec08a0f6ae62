"""What the tests of the agent's page do again and again."""

from playwright.sync_api import Page, expect

from tests.browser.served import Served


def ring(page: Page) -> None:
    """An INVITE reaches the page's telephone."""
    page.evaluate("() => { window.incoming = fakeUa.ring() }")


def answered(site: Served, page: Page) -> None:
    """A call was offered and taken."""
    site.do(site.desk.offer)
    ring(page)
    page.click("#answer")
    site.do(site.desk.talk)
    expect(page.locator("#state-name")).to_have_text("Im Gespräch")


def asked(site: Served, page: Page, name: str) -> list[tuple[object, ...]]:
    """What the desk was asked under this name, once it was asked at all."""
    for _ in range(200):
        if found := [ask for ask in site.desk.asked if ask[0] == name]:
            return found
        page.wait_for_timeout(25)
    raise AssertionError(f"{name} was never asked; asked were {site.desk.asked}")


def becomes(page: Page, expression: str, value: object) -> None:
    """Return once that is so in the page. Asked from here: nothing waits in a page whose timers stand still."""
    for _ in range(200):
        if (found := page.evaluate(f"() => {expression}")) == value:
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"{expression} is {found}, not {value}")


def warns_before_leaving(page: Page) -> bool:
    """Whether the page objects to being left.

    Asked without a browser's dialog: Chromium itself breaks now and then when a context ends soon after one.
    """
    return bool(page.evaluate("() => !dispatchEvent(new Event('beforeunload', { cancelable: true }))"))
