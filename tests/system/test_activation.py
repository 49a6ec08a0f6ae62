"""Another configuration comes into use while people talk and wait: nobody is dropped, and Asterisk follows."""

import asyncio
import copy
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from config.loading import load
from config.schema import HotlineConfig
from dialplan import happenings
from dialplan.extensions import STAMP_CONTEXT, stamp
from hotline.changing import door
from hotline.clock import Clock
from hotline.parent.asterisk_commands import told
from hotline.parent.asterisk_side import AsteriskSide
from hotline.parent.control import Control, socket_of
from hotline.phone import tones
from hotline.phone.call import PhoneCall
from hotline.setup import by_content, sound
from hotline.setup.asterisk import Asterisk
from hotline.setup.prompts import MANIFEST, planned
from hotline.state import StateDirectory
from hotline.storage.database import Database
from hotline.storage.tables import call_persons, calls
from hotline.storage.versions import Versions
from tests.system.chain import MONDAY_NINE, AgentAtWork, Chain, hear_each_other, hotline
from tests.system.conftest import StartAsterisk, silent_prompt
from tests.system.happened import until_happened
from tests.system.runs import PATIENCE, Run, on_ports_of_its_own, running, until

OLD_MENU, NEW_MENU = 700.0, 1100.0
"""Tones instead of the words of two menus, Hz."""
ONE, TWO, THREE, FOUR = "+495721777001", "+495721777002", "+495721777003", "+495721777004"
pytestmark = pytest.mark.timeout(300)


class House(Chain):
    """A running hotline with its parent's hand on Asterisk."""

    raw: dict[str, Any]
    side: AsteriskSide

    async def asked(self, **what: Any) -> dict[str, Any]:
        """What the service answers at last, as it does to `hotline config`."""
        whole = {"author": "admin", "reason": "Versuch", **what}
        answers = [answer async for answer in door.ask(door.socket_of(self.asterisk.state), whole)]
        return answers[-1]

    async def activate(self, raw: dict[str, Any]) -> dict[str, Any]:
        answer = await self.asked(do=door.ACTIVATE, text=json.dumps(raw, default=str))
        assert "activated" in answer, answer
        return answer["activated"]

    async def caller(self, number: str, keys: str = "") -> PhoneCall:
        call = await (await self.phone(number)).dial(self.address)
        await call.answered()
        if keys:
            await call.press(keys)
        return call

    async def version_of(self, number: str) -> int:
        """Under which version the newest call of that number goes."""
        ledger = await self.ledger()
        mine = select(calls.c.config_version).join(call_persons, call_persons.c.call_id == calls.c.id)
        async with ledger._db.read() as connection:
            rows = list(await connection.execute(mine.where(call_persons.c.caller == number)))
        return int(rows[-1].config_version)


@pytest.fixture
async def house(start_asterisk: StartAsterisk, shipped: dict[str, Any], installation: Asterisk) -> AsyncIterator[House]:
    shipped["menu"]["silence_seconds"] = 2
    shipped["distribution"] |= {"ring_seconds": 60, "screen_seconds": 5}  # a busy machine is not what is tested here
    start = Clock.starting_at(MONDAY_NINE)
    async with hotline(start_asterisk, shipped, start.now()) as chain:
        chain.__class__ = House
        assert isinstance(chain, House)
        state, script = chain.asterisk.state, chain.asterisk.state.asterisk / "asterisk"
        made(state, chain.config)
        chain.raw = shipped
        chain.side = AsteriskSide(state, chain.config, installation, script, Clock(start.offset))
        await chain.side.bring_up_to_date(state.config_file.read_text("utf-8"))
        control = Control(socket_of(state), lambda: "", chain.side.bring_up_to_date)
        await control.open()
        yield chain
        await control.close(done=False)


def made(state: StateDirectory, config: HotlineConfig) -> None:
    """All prompts count as made, silent ones: only what an activation changes is spoken."""
    entries = {}
    for prompt in planned(config, state.recordings):
        silent_prompt(state.prompts / f"{prompt.name}.wav")
        for extension in sound.FORMATS:
            file = state.prompts / f"{prompt.name}.{extension}"
            if not file.exists():
                file.write_bytes(bytes(3200))
        entries[prompt.name] = {"fingerprint": prompt.fingerprint, "seconds": 0.2}
    (state.prompts / MANIFEST).write_text(json.dumps(entries))


def closed_today(raw: dict[str, Any]) -> dict[str, Any]:
    """From nine to ten on this Monday."""
    changed = copy.deepcopy(raw)
    day = MONDAY_NINE.date().isoformat()
    changed["hours"]["closures"].append({"from": day, "hours": "08:30-17:00", "reason": "Wasserschaden"})
    return changed


def with_agent(raw: dict[str, Any], name: str) -> dict[str, Any]:
    changed = copy.deepcopy(raw)
    skills = list(raw["agents"][0]["skills"])
    changed["agents"].append(
        {"name": name, "full_name": "Nora Neu", "office": "rinteln", "skills": skills, "phone": "desk"}
    )
    return changed


async def taken(agent: AgentAtWork) -> PhoneCall:
    ringing = await agent.phone.incoming()
    await ringing.answer()
    await agent.until_state("talking")
    return ringing


async def test_nobody_is_dropped_and_the_next_call_hears_the_new_hours(house: House) -> None:
    anna = await house.agent("anna")
    talking_caller = await house.caller(ONE, "4")
    at_anna = await taken(anna)
    waiting_caller = await house.caller(TWO, "4")
    await anna.until(lambda snapshot: snapshot["hotline"]["waiting"] == 1)
    before = await house.version_of(ONE)

    done = await house.activate(closed_today(house.raw))
    assert done["differs"] == []
    assert done["reloaded"] == ["Wählplan"]
    await house.caller(THREE)
    assert (await house.steps(THREE, "call_ended"))[-1].codes == {"how": "closed"}
    assert (await house.version_of(ONE), await house.version_of(THREE)) == (before, done["version"])

    await hear_each_other(talking_caller, at_anna)
    snapshot = await anna.until(lambda snapshot: snapshot["hotline"]["waiting"] == 1)
    assert snapshot["state"] == "talking"
    await at_anna.hang_up()
    await anna.until_state("wrap_up")
    await anna.dispose("settled")
    at_anna = await taken(anna)
    await hear_each_other(waiting_caller, at_anna)

    await house.stop_service()
    await house.caller(FOUR)
    await until_happened(house.asterisk.state.asterisk, happenings.CLOSED, lambda _row: True)


async def test_agent_is_added_works_and_is_removed_while_talking(house: House) -> None:
    state = house.asterisk.state
    await house.agent("anna", ready=False)
    done = await house.activate(with_agent(house.raw, "nora"))
    assert done["differs"] == []
    assert [account["name"] for account in done["accounts"]] == ["nora"]
    house.asterisk.secrets = state.secrets()
    nora = await house.agent("nora")
    caller = await house.caller(ONE, "4")
    at_nora = await taken(nora)

    back = await house.asked(do=door.ROLL_BACK, version=done["version"] - 1)
    assert back["activated"]["differs"] == []
    assert "[agent-nora]" not in (state.asterisk / "etc" / "pjsip.conf").read_text("utf-8")
    await hear_each_other(caller, at_nora)
    await at_nora.hang_up()
    await nora.until_state("wrap_up")
    await nora.dispose("settled")
    await nora.post("/agent/presence", 403, intent="ready")


async def test_version_that_is_broken_or_active_already_is_refused_in_one_sentence(house: House) -> None:
    broken = copy.deepcopy(house.raw)
    broken["agents"][0]["office"] = "nirgends"
    answer = await house.asked(do=door.ACTIVATE, text=json.dumps(broken, default=str))
    assert "office" in answer["refused"]
    same = house.asterisk.state.config_file.read_text("utf-8")
    assert "schon in Kraft" in (await house.asked(do=door.ACTIVATE, text=same))["refused"]


async def test_new_text_is_spoken_and_heard_from_then_on(house: House) -> None:
    changed = copy.deepcopy(house.raw)
    changed["texts"]["goodbye"] = "Bis bald."
    sounds = house.asterisk.state.prompts / "goodbye.wav"
    before = sounds.read_bytes()
    done = await house.activate(changed)
    assert (done["differs"], done["reloaded"]) == ([], [])
    assert sounds.read_bytes() != before


def swapped(raw: dict[str, Any]) -> dict[str, Any]:
    """Rent and income have changed keys."""
    changed = copy.deepcopy(raw)
    rent, income = (one for one in changed["request_types"] if one["key"] in ("rent", "income"))
    rent["press"], income["press"] = income["press"], rent["press"]
    rent["prompt"], income["prompt"] = "Für Mietkosten die 6.", "Für Einkommen die 4."
    return changed


def sounds_as(state: StateDirectory, raw: dict[str, Any], tone: float) -> None:
    """The two prompts of this configuration are such a tone, once they are in force."""
    for one in planned(HotlineConfig.model_validate(raw), state.recordings):
        if one.name in ("type_rent", "type_income"):
            sound.convert(sound.find_sox(), tones.tone((tone,), 0.5, sound.RATE), state.prompts, one.content)


async def tone_in_the_menu(call: PhoneCall) -> float:
    """Which of the two menus this is."""
    async with asyncio.timeout(PATIENCE):
        while True:
            heard = await call.hear(0.2)
            for tone in (OLD_MENU, NEW_MENU):
                if heard.has_tone(tone):
                    return tone


async def test_caller_in_the_menu_hears_the_old_one_again_and_the_next_caller_the_new_one(house: House) -> None:
    state, old = house.asterisk.state, copy.deepcopy(house.raw)
    (state.prompts / by_content.FOLDER).mkdir()
    old["menu"]["silence_seconds"] = 15
    sounds_as(state, old, OLD_MENU)
    await house.activate(old)
    caller = await house.caller(ONE)
    assert await tone_in_the_menu(caller) == OLD_MENU
    await caller.quiet(lasting=0.6)

    new = swapped(old)
    sounds_as(state, new, NEW_MENU)
    done = await house.activate(new)
    assert done["differs"] == []
    await caller.press("*")
    assert await tone_in_the_menu(caller) == OLD_MENU
    assert await tone_in_the_menu(await house.caller(TWO)) == NEW_MENU
    await caller.press("4")
    assert [step.codes for step in await house.steps(ONE, "request_type") if step.kind == "request_type"] == [
        {"key": "rent"}
    ]


# --- killed in the middle ------------------------------------------------------------------------


@pytest.fixture
def state(short_directory: Path) -> Path:
    path = on_ports_of_its_own(short_directory / "var")
    directory = StateDirectory(path)
    directory.prepare()
    made(directory, load(directory.config_file))
    return path


async def killed_at(run: Run, step: str, text: str) -> None:
    """The service dies as soon as it says that the activation has come so far, and is back."""
    service = run.process("hotline serve")
    asked = {"do": door.ACTIVATE, "author": "admin", "reason": "Versuch", "text": text}
    async for answer in door.ask(door.socket_of(StateDirectory(run.state)), asked):
        assert "refused" not in answer, answer
        if answer.get("step") == step:
            os.kill(service, signal.SIGKILL)
    await until(lambda: sum("hotline ready" in line for line in run.lines) == 2)


async def active(state: Path) -> tuple[int, str]:
    database = Database(StateDirectory(state).database_url())
    await database.open()
    try:
        found = await Versions(database, "schaumburg").active()
    finally:
        await database.close()
    assert found is not None
    return tuple(found)


async def test_killed_before_it_is_stored_the_old_one_is_in_use_wholly(state: Path) -> None:
    before = (state / "hotline.yaml").read_text("utf-8")
    sounds = (state / "prompts" / "goodbye.wav").read_bytes()
    async with running(state) as run:
        await killed_at(run, "prompts", before.replace("Auf Wiederhören", "Bis bald"))
        assert await active(state) == (1, before)
        assert (state / "hotline.yaml").read_text("utf-8") == before
        assert (state / "prompts" / "goodbye.wav").read_bytes() == sounds


async def test_killed_before_asterisk_was_told_the_new_one_is_in_use_wholly(state: Path) -> None:
    before = (state / "hotline.yaml").read_text("utf-8")
    wanted = before.replace("08:00-18:00", "08:00-17:00")
    extensions = state / "asterisk" / "etc" / "extensions.conf"
    async with running(state) as run:
        old = extensions.read_text("utf-8")
        await killed_at(run, "asterisk", wanted)
        assert await active(state) == (2, wanted)
        assert (state / "hotline.yaml").read_text("utf-8") == wanted
        await until(lambda: extensions.read_text("utf-8") != old)
        await until_told(state, f"dialplan show {STAMP_CONTEXT}", stamp(extensions.read_text("utf-8")))


async def until_told(state: Path, command: str, wanted: str) -> None:
    """Asterisk says so."""
    async with asyncio.timeout(PATIENCE):
        said: str | None = None
        while wanted not in (said or ""):
            said = await told(state / "asterisk" / "asterisk", command)
