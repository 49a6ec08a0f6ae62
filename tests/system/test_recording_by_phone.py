"""An admin records a prompt on an agent's telephone, on the real Asterisk: dial, digits, speak, listen, keep."""

import asyncio
import wave
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from dialplan.transfers import RECORD_CODE
from hotline.phone import tones
from hotline.phone.call import PhoneCall
from hotline.storage.accounts import Accounts, Role
from hotline.storage.audit import Audit
from hotline.storage.database import Database
from tests.system.chain import PATIENCE, PROMPT_TONE, Chain, hotline
from tests.system.conftest import StartAsterisk
from tests.system.first_login import log_in

ADMIN, PASSWORD = "klara", "ein-langes-Passwort-1"
SPOKEN, BEEP = 523.0, 1000.0
"""What the admin says, and the tone that asks for it, Hz."""
pytestmark = pytest.mark.timeout(180)


class Studio:
    """An admin at the page, and the desk telephone of Anna, who is not there."""

    def __init__(self, chain: Chain, http: aiohttp.ClientSession, database: Database) -> None:
        self.chain, self.http, self.database = chain, http, database
        self.base = chain.config.hotline.public_url

    async def post(self, path: str, status: int = 200) -> dict[str, Any]:
        headers = {"X-Requested-With": "hotline", "Origin": self.base}
        async with self.http.post(f"{self.base}{path}", json={}, headers=headers) as answer:
            assert answer.status == status, await answer.text()
            told: dict[str, Any] = await answer.json()
            return told

    async def listen(self, name: str) -> bytes:
        async with self.http.get(f"{self.base}/admin/prompts/{name}.wav") as answer:
            assert (answer.status, answer.content_type) == (200, "audio/wav")
            return await answer.read()

    async def dial(self) -> PhoneCall:
        phone = await self.chain.phone()
        secret, server = self.chain.asterisk.secrets.phone_secrets["anna"], f"127.0.0.1:{self.chain.asterisk.sip_port}"
        call = await phone.dial(f"sip:{RECORD_CODE}@{server}", user="agent-anna", password=secret)
        await call.answered()
        return call

    def tone(self, name: str) -> float | None:
        """Of the file that callers hear."""
        with wave.open(str(self.chain.asterisk.state.prompts / f"{name}.wav")) as file:
            return tones.dominant(file.readframes(file.getnframes()), file.getframerate())

    async def audited(self) -> list[tuple[str, str, str | None]]:
        rows = await Audit(self.database, self.chain.config.hotline.id).rows(20)
        return [(row.action, row.who, row.subject) for row in rows if row.action.startswith("prompt_")]


@pytest.fixture
async def studio(start_asterisk: StartAsterisk, shipped: dict[str, Any]) -> AsyncIterator[Studio]:
    async with hotline(start_asterisk, shipped) as chain:
        database = Database(chain.asterisk.state.database_url(moved=True))
        await database.open()
        await Accounts(database, chain.config.hotline.id).ensure_user(ADMIN, PASSWORD, Role.ADMIN)
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            await log_in(http, chain.config.hotline.public_url, ADMIN, PASSWORD, page="/lead")
            yield Studio(chain, http, database)
        await database.close()


async def until_heard(call: PhoneCall, frequency: float) -> None:
    async with asyncio.timeout(PATIENCE):
        while not (await call.hear(0.1)).has_tone(frequency):
            pass


async def say(call: PhoneCall) -> None:
    """After the tone, as one is told."""
    await until_heard(call, BEEP)
    await call.quiet(lasting=0.2)
    await call.play_tone(SPOKEN, seconds=1.5)
    await call.press("#")


async def test_what_is_said_after_the_tone_is_what_callers_hear(studio: Studio) -> None:
    assert studio.tone("greeting") == pytest.approx(PROMPT_TONE, abs=10)
    given = await studio.post("/admin/prompts/greeting/telephone")
    assert given["dial"] == RECORD_CODE
    call = await studio.dial()
    await call.press(given["pin"])
    await say(call)
    await until_heard(call, SPOKEN)
    await call.press("2")
    await say(call)
    await until_heard(call, SPOKEN)
    await call.press("1")
    await call.ended()
    assert studio.tone("greeting") == pytest.approx(SPOKEN, abs=10)
    assert (await studio.listen("greeting")).startswith(b"RIFF")
    assert not list((studio.chain.asterisk.state.asterisk / "spool" / "recording").iterdir())
    again = await studio.dial()
    await again.press(given["pin"])
    await again.press(given["pin"])
    await again.press(given["pin"])
    await again.ended()
    audited = [(action, who) for action, who, _ in await studio.audited()]
    by_admin = [("prompt_recorded", ADMIN), ("prompt_pin_given", ADMIN)]
    assert audited == [("prompt_pin_wrong", "anna")] * 3 + by_admin


async def test_what_is_thrown_away_or_silent_changes_nothing(studio: Studio) -> None:
    given = await studio.post("/admin/prompts/en/greeting/telephone")
    call = await studio.dial()
    await call.press(given["pin"])
    await until_heard(call, BEEP)
    await call.quiet(lasting=0.4)
    await call.press("#")
    await say(call)
    await until_heard(call, SPOKEN)
    await call.press("3")
    await call.ended()
    assert studio.tone("en/greeting") == pytest.approx(PROMPT_TONE, abs=10)
    assert not list(studio.chain.asterisk.state.recordings.rglob("*.wav"))
    await studio.post("/admin/prompts/nothing/telephone", status=409)
