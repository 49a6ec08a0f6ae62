"""After an activation Asterisk is asked what it has; each difference is one German sentence."""

from dataclasses import replace
from typing import Any

import pytest

from config.schema import HotlineConfig, Registration
from hotline.changing.telephony import (
    MISSING_GATEWAY,
    MISSING_PHONE,
    MISSING_REGISTRATION,
    NOT_ASKED,
    NOT_READ,
    NOT_RENDERED,
    NOT_TOLD,
    OTHER_DIALPLAN,
    OTHER_QUEUE,
    QUEUE_NOT_ASKED,
    STRANGE_GATEWAY,
    STRANGE_PHONE,
    STRANGE_REGISTRATION,
    Result,
    Telephony,
)
from hotline.errors import SetupError
from hotline.parent.asterisk_has import Has
from hotline.parent.asterisk_side import Told


class House:
    def __init__(self, config: HotlineConfig) -> None:
        self.config = config
        self.phones = tuple(agent.name for agent in config.agents)
        self.gateways = tuple(gateway.name for gateway in config.gateways)
        self.told: Told | Exception = Told(("Wählplan",), (), self.has())
        self.wrong_in_queue: list[int | None] = [0]
        self.telephony = Telephony(self._tell, self._correct_queue)

    def has(self, **other: Any) -> Has:
        """As it should be, but for that."""
        registrations: tuple[str, ...] = ()
        return replace(Has(True, self.phones, self.gateways, registrations), **other)

    async def _tell(self, _text: str) -> Told:
        if isinstance(self.told, Exception):
            raise self.told
        return self.told

    async def _correct_queue(self) -> int | None:
        return self.wrong_in_queue.pop(0) if len(self.wrong_in_queue) > 1 else self.wrong_in_queue[0]

    async def result(self) -> Result:
        return await self.telephony.bring_up_to_date("text", self.config)


@pytest.fixture
def house(config: HotlineConfig) -> House:
    return House(config)


async def test_all_is_as_it_should_be(house: House) -> None:
    assert await house.result() == Result(("Wählplan",), ())


async def test_new_telephones_are_put_into_the_queue_first(house: House) -> None:
    house.wrong_in_queue = [2, 0]
    assert (await house.result()).differs == ()


async def test_each_difference_is_told(house: House) -> None:
    house.told = Told(("Wählplan",), (), house.has(dialplan=False, phones=(*house.phones[1:], "weg")))
    house.wrong_in_queue = [1]
    first = house.config.agents[0].full_name
    wanted = {OTHER_DIALPLAN, MISSING_PHONE.format(first), STRANGE_PHONE.format("weg"), OTHER_QUEUE}
    assert set((await house.result()).differs) == wanted


async def test_gateways_and_registrations_that_differ_are_told(house: House) -> None:
    house.told = Told((), (), house.has(gateways=(*house.gateways[1:], "alt"), registrations=("alt",)))
    wanted = [MISSING_GATEWAY.format(house.gateways[0]), STRANGE_GATEWAY.format("alt")]
    assert (await house.result()).differs == (*wanted, STRANGE_REGISTRATION.format("alt"))


async def test_registration_that_is_missing_is_told(house: House) -> None:
    registration = Registration(server="sip.example", user="4957", secret_file="p.secret")
    gateway = house.config.gateways[0].model_copy(update={"registration": registration})
    house.config = house.config.model_copy(update={"gateways": [gateway]})
    assert (await house.result()).differs == (MISSING_REGISTRATION.format(gateway.name),)


async def test_queue_that_was_not_asked_does_not_count_as_right(house: House) -> None:
    house.wrong_in_queue = [None]
    assert (await house.result()).differs == (QUEUE_NOT_ASKED,)
    house.wrong_in_queue = [2, None]
    assert (await house.result()).differs == (QUEUE_NOT_ASKED,)


async def test_part_that_was_not_read_is_told(house: House) -> None:
    house.told = Told((), ("Wählplan",), house.has())
    assert (await house.result()).differs == (NOT_READ.format("Wählplan"),)


async def test_asterisk_that_does_not_say_what_it_has(house: House) -> None:
    house.told = Told(("Wählplan",))
    assert (await house.result()).differs == (NOT_ASKED,)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(FileNotFoundError(), NOT_TOLD), (TimeoutError(), NOT_TOLD), (SetupError("so"), NOT_RENDERED.format("so"))],
)
async def test_parent_that_does_not_do_it(house: House, error: Exception, sentence: str) -> None:
    house.told = error
    assert await house.result() == Result((), (sentence,))
