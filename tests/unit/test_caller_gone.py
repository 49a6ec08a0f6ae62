"""What is left of a caller who hangs up in the middle of the conversation."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from config.schema import HotlineConfig
from hotline.errors import AgiClosed, CallerGone
from hotline.exchange.callers import Caller
from hotline.exchange.calls import Call
from hotline.exchange.dialogue import Entry
from ivr.effects import Collect, InTurn
from tests.unit.doubles_switchboard import MONDAY_NINE, Office

CONFIRMED = ["4", None, None, "*", "1"]
"""The request; place and offer are heard; a callback, to the number shown; the times are being said."""


class Keys:
    """A dialogue with a caller who presses these, one at each question or wait, and is gone then."""

    def __init__(self, keys: list[str | None], gone: Exception) -> None:
        self._keys, self._gone = list(keys), gone

    async def collect(self, effect: Collect) -> Entry | None:
        return await self.wait(effect)

    async def wait(self, effect: Any) -> Entry | None:
        if not self._keys:
            raise self._gone
        keys = self._keys.pop(0)
        return None if keys is None else Entry(keys, ended=True)


class Session:
    hung_up = False

    async def answer(self) -> None: ...


class Requests:
    def __init__(self) -> None:
        self.stored: list[tuple[str, Any]] = []

    async def request(self, call_id: str, number: str, *_: Any, when: Any, **__: Any) -> None:
        self.stored.append((number, when))


@pytest.fixture
async def office(config: HotlineConfig) -> AsyncIterator[Office]:
    office = Office(config)
    yield office
    await office.close()


async def gone(office: Office, keys: list[str | None], how: Exception) -> tuple[Call, Requests]:
    call = Call("id", "PJSIP/1", "1.1", office.config, 1, MONDAY_NINE, "+495721777001", "haus")
    await office.switchboard.arrived(call)
    requests, nothing, session = Requests(), None, Session()
    args: Any = (session, call, office.switchboard, nothing, nothing, requests, office.clock, str)
    caller = Caller(*args, lambda: (1, office.config), dict)
    caller._dialogue = Keys(keys, how)  # type: ignore[assignment]
    await caller.run()
    return call, requests


async def test_who_hangs_up_while_the_times_are_said_is_called_back_in_turn(office: Office) -> None:
    call, requests = await gone(office, CONFIRMED, CallerGone())
    assert requests.stored == [("+495721777001", InTurn())]
    assert call.end_reason == "callback_requested"


async def test_who_hangs_up_before_the_number_is_confirmed_wants_none(office: Office) -> None:
    call, requests = await gone(office, CONFIRMED[:-1], CallerGone())
    assert (requests.stored, call.end_reason) == ([], None)


async def test_session_that_broke_off_leaves_no_callback_because_the_caller_is_still_there(office: Office) -> None:
    call, requests = await gone(office, CONFIRMED, AgiClosed())
    assert requests.stored == []
    assert call.session_cut
