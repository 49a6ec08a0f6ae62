"""Every change of an agent's state has its cause in the ledger; agents with a desk phone alone need no page."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from agents.presence import Intent, State
from config.checks import check
from config.schema import HotlineConfig, PhoneKind, ScreenNeed
from hotline.errors import StorageError
from hotline.exchange.calls import Leg, OfferEnd, Phase
from hotline.storage.agent_states import AgentState
from hotline.workplace.states import States
from tests.unit.doubles_switchboard import Office


class Remembered:
    def __init__(self) -> None:
        self.changes: list[AgentState] = []
        self.written = 0
        self.broken = False

    async def add(self, changes: list[AgentState]) -> None:
        self.written += 1
        if self.broken:
            raise StorageError("The database does not answer.")
        self.changes += changes

    def of(self, agent: str) -> list[tuple[str, str, str | None]]:
        return [(change.state, change.cause, change.by) for change in self.changes if change.agent == agent]


@pytest.fixture
async def office(config: HotlineConfig) -> AsyncIterator[Office]:
    office = Office(config)
    yield office
    await office.close()


@pytest.fixture
def remembered(office: Office) -> Remembered:
    remembered = Remembered()
    states = States(remembered, office.journal, office.clock)  # type: ignore[arg-type]
    office.switchboard.seats.listeners.append(states)
    return remembered


async def test_a_call_from_the_first_ring_to_the_next_one_is_a_row_of_states(
    office: Office, remembered: Remembered
) -> None:
    office.ready("anna")
    call = await office.call("c1")
    await office.settle()
    office.rings(call)
    office.switchboard.answered(call)
    office.switchboard.over(call)
    office.switchboard.release(office.switchboard.seats["anna"])
    await office.settle()
    assert remembered.of("anna") == [
        ("home", "home", "anna"),
        ("ready", "idle", "anna"),
        ("offered", "ringing", None),
        ("talking", "talking", None),
        ("wrap_up", "writing_up", None),
        ("ready", "idle", "anna"),
    ]


async def test_a_missed_call_and_what_the_telephone_does_have_causes_too(
    office: Office, remembered: Remembered
) -> None:
    office.ready("anna")
    call = await office.call("c1")
    await office.settle()
    office.switchboard.not_taken(call, OfferEnd.MISSED)
    anna = office.switchboard.seats["anna"]
    office.switchboard.staff.wanting(anna, Intent.READY, None)
    office.switchboard.leave_line(call)
    office.switchboard.staff.phone(anna, registered=False, engaged=False)
    office.switchboard.staff.phone(anna, registered=True, engaged=False)
    office.switchboard.staff.screens(anna, set())
    await office.settle()
    causes = [cause for state, cause, _ in remembered.of("anna") if state == "not_ready"]
    assert causes == ["missed", "not_registered", "no_screen"]


async def test_the_lead_who_sends_somebody_on_pause_stands_in_the_ledger(
    office: Office, remembered: Remembered
) -> None:
    office.ready("anna")
    office.switchboard.staff.wanting(office.switchboard.seats["anna"], Intent.PAUSE, None, "lena")
    await office.settle()
    assert remembered.of("anna")[-1] == ("pause", "lead", "lena")


async def test_what_changes_nothing_is_not_written_twice(office: Office, remembered: Remembered) -> None:
    office.ready("anna")
    for _ in range(3):
        office.switchboard.rematch()
    await office.settle()
    assert remembered.of("anna") == [("home", "home", "anna"), ("ready", "idle", "anna")]
    assert len(remembered.of("ben")) == 1


async def test_what_comes_together_is_written_together(office: Office, remembered: Remembered) -> None:
    office.ready("anna", "ben")
    await office.settle()
    assert len(remembered.changes) == 5 + 2
    assert remembered.written == 1


async def test_nothing_is_lost_and_nothing_is_out_of_order_while_the_database_is_away(
    office: Office, remembered: Remembered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hotline.exchange.journal.RETRY_SECONDS", 0.0)
    remembered.broken = True
    office.ready("anna")
    async with asyncio.timeout(5):
        while remembered.written < 3:  # noqa: ASYNC110 - the journal tries again by itself
            await asyncio.sleep(0)
    office.switchboard.staff.wanting(office.switchboard.seats["anna"], Intent.PAUSE, "Pause")
    remembered.broken = False
    await office.settle()
    assert remembered.of("anna") == [("home", "home", "anna"), ("ready", "idle", "anna"), ("pause", "pause", "anna")]


# --- desk phones without a page --------------------------------------------------------------


@pytest.fixture
async def pageless(config: HotlineConfig) -> AsyncIterator[Office]:
    """Anna has a desk phone, and no page."""
    anna = config.agent("anna").model_copy(update={"phone": PhoneKind.DESK, "screen": ScreenNeed.OPTIONAL})
    office = Office(config.model_copy(update={"agents": [anna, *config.agents[1:]]}))
    seat = office.switchboard.seats["anna"]
    office.switchboard.staff.phone(seat, registered=True, engaged=False)
    office.switchboard.staff.wanting(seat, Intent.READY, None)
    yield office
    await office.close()


async def test_a_desk_phone_alone_is_offered_calls_and_rings_without_an_acknowledgement(pageless: Office) -> None:
    call = await pageless.call("c1")
    await pageless.settle()
    assert call.agent_found.is_set()
    assert call.offer is not None
    assert call.offer.news.is_set()
    assert not call.offer.shown
    assert call.offer.open


async def test_wrap_up_that_nobody_can_see_ends_by_itself_when_its_time_is_over(
    pageless: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hotline.exchange.wrap_ups.UNSEEN_SECONDS", 0.01)
    no_time = pageless.config.distribution.model_copy(update={"wrap_up_seconds": 0})
    pageless.config = pageless.config.model_copy(update={"distribution": no_time})
    call = await pageless.call("c1")
    await pageless.settle()
    pageless.switchboard.dialling(call, Leg("PJSIP/agent-anna-1", "leg-1"))
    pageless.switchboard.answered(call)
    pageless.switchboard.over(call)
    anna = pageless.switchboard.seats["anna"]
    assert anna.presence.state is State.WRAP_UP
    assert call.phase is Phase.WRAP_UP
    await pageless.settle()
    assert anna.presence.state is State.READY
    assert ("note", (call.id, pageless.clock.now(), "not_written_up")) in pageless.ledger.written


async def test_wrap_up_is_never_cut_short_while_a_page_is_open(pageless: Office) -> None:
    no_time = pageless.config.distribution.model_copy(update={"wrap_up_seconds": 0})
    pageless.config = pageless.config.model_copy(update={"distribution": no_time})
    anna = pageless.switchboard.seats["anna"]
    pageless.switchboard.staff.screens(anna, {"tab"})
    call = await pageless.call("c1")
    await pageless.settle()
    pageless.switchboard.dialling(call, Leg("PJSIP/agent-anna-1", "leg-1"))
    pageless.switchboard.answered(call)
    pageless.switchboard.over(call)
    await pageless.settle()
    assert anna.presence.state is State.WRAP_UP


async def test_talk_of_before_a_restart_is_not_put_on_a_screen_that_may_not_exist(pageless: Office) -> None:
    call = await pageless.call("c1", "household")
    pageless.switchboard.wrap_ups.add(call, pageless.switchboard.seats["anna"])
    assert pageless.switchboard.seats["anna"].unwritten == []


def test_a_browsers_telephone_cannot_do_without_its_page(config: HotlineConfig) -> None:
    anna = config.agent("anna").model_copy(update={"screen": ScreenNeed.OPTIONAL})
    ((path, words),) = check(config.model_copy(update={"agents": [anna, *config.agents[1:]]}))
    assert path == ("agents", 0, "screen")
    assert "phone: desk" in words
    on_desk = anna.model_copy(update={"phone": PhoneKind.DESK})
    assert check(config.model_copy(update={"agents": [on_desk, *config.agents[1:]]})) == []
