"""After an activation Asterisk is asked what it has; each difference is one German sentence."""

import pytest

from config.schema import HotlineConfig
from hotline.changing.telephony import (
    MISSING_PHONE,
    NOT_ASKED,
    NOT_READ,
    NOT_RENDERED,
    NOT_TOLD,
    OTHER_DIALPLAN,
    OTHER_QUEUE,
    STRANGE_PHONE,
    Result,
    Telephony,
)
from hotline.errors import SetupError
from hotline.parent.asterisk_side import Told


class House:
    def __init__(self, config: HotlineConfig) -> None:
        self.config = config
        self.phones = tuple(agent.name for agent in config.agents)
        self.told: Told | Exception = Told(("Wählplan",), (), has_dialplan=True, phones=self.phones)
        self.wrong_in_queue = [0]
        self.telephony = Telephony(self._tell, self._correct_queue)

    async def _tell(self, _text: str) -> Told:
        if isinstance(self.told, Exception):
            raise self.told
        return self.told

    async def _correct_queue(self) -> int:
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
    house.told = Told(("Wählplan",), (), has_dialplan=False, phones=(*house.phones[1:], "weg"))
    house.wrong_in_queue = [1]
    first = house.config.agents[0].full_name
    wanted = {OTHER_DIALPLAN, MISSING_PHONE.format(first), STRANGE_PHONE.format("weg"), OTHER_QUEUE}
    assert set((await house.result()).differs) == wanted


async def test_part_that_was_not_read_is_told(house: House) -> None:
    house.told = Told((), ("Wählplan",), has_dialplan=True, phones=house.phones)
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
