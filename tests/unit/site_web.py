"""A visitor of the web application: logs in like a browser and posts like the page's scripts."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from hotline.clock import Clock
from hotline.web.app import create_app
from tests.unit.doubles_web import PASSWORD, FakeAccounts, FakeDesk, example_config, fake_services

SCRIPT = {"X-Requested-With": "hotline"}
HTML = {"Accept": "text/html"}


class Visitor:
    def __init__(self) -> None:
        self.config = example_config()
        self.desk, self.accounts = FakeDesk(self.config), FakeAccounts(self.config)
        self.services = fake_services(self.desk)
        self.client: TestClient[Any, Any]

    async def start(self, public_url: str | None = None, trial: str | None = None) -> None:
        config = self.config
        if public_url:
            hotline = config.hotline.model_copy(update={"public_url": public_url})
            config = config.model_copy(update={"hotline": hotline})
        app = create_app(self.desk, self.accounts, Clock(), lambda: config, self.services, trial=trial)
        self.client = TestClient(TestServer(app))
        await self.client.start_server()

    async def restart(self, public_url: str | None = None, trial: str | None = None) -> None:
        await self.client.close()
        await self.start(public_url, trial)

    async def get(self, path: str, **headers: str) -> ClientResponse:
        return await self.client.get(path, headers=HTML | headers, allow_redirects=False)

    async def post(self, path: str, body: Any = None, **headers: str) -> ClientResponse:
        return await self.client.post(path, json=body, headers=SCRIPT | headers, allow_redirects=False)

    async def log_in(self, name: str, password: str = PASSWORD) -> ClientResponse:
        page = await self.get("/login")
        form = {"name": name, "password": password, "form_token": token_in(await page.text())}
        cookies = {key: morsel.value for key, morsel in page.cookies.items()}
        return await self.client.post("/login", data=form, headers=HTML, cookies=cookies, allow_redirects=False)

    async def log_out(self) -> ClientResponse:
        form = {"form_token": token_in(await (await self.get("/agent")).text())}
        return await self.client.post("/logout", data=form, allow_redirects=False)


def token_in(page: str) -> str:
    found = re.search(r'name="form_token" value="([0-9a-f]+)"', page)
    assert found, page
    return found[1]


@pytest.fixture(name="visitor")
async def a_visitor() -> AsyncIterator[Visitor]:
    someone = Visitor()
    await someone.start()
    yield someone
    await someone.client.close()


@pytest.fixture(name="anna")
async def an_agent(visitor: Visitor) -> Visitor:
    assert (await visitor.log_in("anna")).status == 303
    return visitor
