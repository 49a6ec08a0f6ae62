"""Logging in for the first time: the initial password opens nothing but the page that changes it.

Afterwards the user has the password `chosen(initial)`, so that a test may log in as often as it likes.
"""

import re

import aiohttp
from playwright.async_api import Page

FIRST_PAGE = "/account/password"


def chosen(initial: str) -> str:
    """The password that every test chooses for the user of that initial one."""
    return f"{initial}-neu"


async def log_in(http: aiohttp.ClientSession, base: str, name: str, initial: str, page: str = "/agent") -> None:
    """By HTTP, with cookies: afterwards the user's page is open, whether or not this is the first time."""
    where = await _submit(http, base, name, initial)
    if where == "/login":
        where = await _submit(http, base, name, chosen(initial))
    if where == FIRST_PAGE:
        where = await _change(http, base, initial)
    assert where == page, f"{name} was sent to {where}"


async def _submit(http: aiohttp.ClientSession, base: str, name: str, password: str) -> str:
    """The path on which the login ended."""
    form = {"name": name, "password": password, "form_token": await _form_token(http, f"{base}/login")}
    async with http.post(f"{base}/login", data=form) as answer:
        assert answer.status in {200, 401}, await answer.text()
        return answer.url.path


async def _change(http: aiohttp.ClientSession, base: str, initial: str) -> str:
    form = {"old": initial, "new": chosen(initial), "again": chosen(initial)}
    form["form_token"] = await _form_token(http, base + FIRST_PAGE)
    async with http.post(base + FIRST_PAGE, data=form) as answer:
        assert answer.status == 200, await answer.text()
        return answer.url.path


async def _form_token(http: aiohttp.ClientSession, address: str) -> str:
    async with http.get(address) as answer:
        token = re.search(r'name="form_token" value="([^"]+)"', await answer.text())
    assert token is not None, f"{address} has no form token"
    return token[1]


async def log_in_page(page: Page, base: str, name: str, initial: str) -> None:
    """By a browser, as a person does."""
    await page.goto(f"{base}/login")
    await _fill_login(page, name, initial)
    if page.url.endswith("/login"):
        await _fill_login(page, name, chosen(initial))
    if page.url.endswith(FIRST_PAGE):
        await page.fill("#old", initial)
        await page.fill("#new", chosen(initial))
        await page.fill("#again", chosen(initial))
        await _submit_page(page)


async def _fill_login(page: Page, name: str, password: str) -> None:
    await page.fill("#name", name)
    await page.fill("#password", password)
    await _submit_page(page)


async def _submit_page(page: Page) -> None:
    async with page.expect_navigation(wait_until="commit"):
        await page.click("button.primary")
    await page.wait_for_load_state("domcontentloaded")
