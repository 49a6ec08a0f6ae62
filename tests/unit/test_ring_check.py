"""The trial ring: only for a free agent, no call is offered meanwhile, and nobody stays busy because of it."""

from collections.abc import AsyncIterator

import pytest

from config.schema import HotlineConfig
from hotline.errors import Refused
from hotline.exchange.seats import Seat
from hotline.workplace import ring_check
from hotline.workplace.ring_check import RingCheck
from tests.unit.doubles_switchboard import MONDAY_NINE, Office


class Phones:
    """Asterisk as far as the trial ring goes."""

    def __init__(self) -> None:
        self.rung: list[tuple[str, str]] = []
        self.rings = True
        self.state: str | None = "NOT_INUSE"

    async def ring_and_play(self, agent: str, seconds: int, sound: str) -> bool:
        if self.rings:
            self.rung.append((agent, sound))
        return self.rings

    async def device_state(self, agent: str) -> str | None:
        return self.state


class Site:
    def __init__(self, config: HotlineConfig) -> None:
        self.office, self.phones = Office(config), Phones()
        self.check = RingCheck(self.office.switchboard, self.phones, self.office.clock, "/prompts/greeting")
        self.office.ready("anna")

    @property
    def seat(self) -> Seat:
        return self.office.switchboard.seats["anna"]

    @property
    def told(self) -> bool:
        return bool(self.check.view(self.seat, self.office.clock.now())["test_ring"])


@pytest.fixture
async def site(config: HotlineConfig, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    monkeypatch.setattr(ring_check, "LOOK_AFTER", 0.0)
    site = Site(config)
    yield site
    await site.office.close()


async def test_telephone_rings_and_the_page_knows_what_it_is(site: Site) -> None:
    before = site.seat.seq
    await site.check.ring("anna")
    assert site.phones.rung == [("anna", "/prompts/greeting")]
    assert site.told
    assert site.seat.seq > before


async def test_no_call_is_offered_while_it_rings(site: Site) -> None:
    site.phones.state = "RINGING"
    await site.check.ring("anna")
    call = await site.office.call("c1")
    await site.office.settle()
    assert call.offer is None
    site.office.switchboard.staff.phone(site.seat, registered=True, engaged=False)  # Asterisk: the trial is over
    assert call.offer is not None
    assert not site.told


async def test_telephone_that_never_rang_does_not_stay_busy(site: Site) -> None:
    await site.check.ring("anna")
    await site.office.settle()
    assert site.seat.presence.available
    assert not site.told


async def test_failure_is_told_and_leaves_the_agent_free(site: Site) -> None:
    site.phones.rings, site.phones.state = False, None
    with pytest.raises(Refused):
        await site.check.ring("anna")
    assert site.seat.presence.available
    assert not site.told


async def test_agent_with_a_call_is_not_rung(site: Site) -> None:
    await site.office.call("c1")
    await site.office.settle()
    with pytest.raises(Refused, match="keinen Anruf"):
        await site.check.ring("anna")
    assert site.phones.rung == []


async def test_telephone_that_is_busy_is_not_rung(site: Site) -> None:
    site.office.switchboard.staff.phone(site.seat, registered=True, engaged=True)
    with pytest.raises(Refused, match="frei"):
        await site.check.ring("anna")


async def test_telephone_that_is_not_registered_is_named_as_the_reason(site: Site) -> None:
    site.office.switchboard.staff.phone(site.seat, registered=False, engaged=False)
    with pytest.raises(Refused, match="nicht angemeldet"):
        await site.check.ring("anna")


async def test_agent_who_is_not_at_work_yet_can_be_rung(site: Site) -> None:
    carla = site.office.switchboard.seats["carla"]
    site.office.switchboard.staff.phone(carla, registered=True, engaged=False)
    await site.check.ring("carla")
    assert [agent for agent, _ in site.phones.rung] == ["carla"]


async def test_what_rings_next_is_not_taken_for_the_trial(site: Site) -> None:
    await site.check.ring("anna")
    site.office.switchboard.staff.phone(site.seat, registered=True, engaged=False)
    assert not site.told
    site.office.switchboard.staff.phone(site.seat, registered=True, engaged=True)
    assert not site.told


async def test_talk_long_after_the_trial_is_not_taken_for_it(site: Site) -> None:
    await site.check.ring("anna")
    site.office.pass_time(120)
    site.office.switchboard.staff.phone(site.seat, registered=True, engaged=True)
    assert not site.told
    assert site.check.view(site.office.switchboard.seats["ben"], MONDAY_NINE) == {"test_ring": False}
