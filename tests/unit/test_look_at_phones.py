"""After an activation Asterisk is asked once what all telephones do, however many agents there are."""

from types import SimpleNamespace
from typing import Any

from config.schema import HotlineConfig
from hotline.telephony.ami import AmiError
from hotline.telephony.controls import AmiControls, interface
from hotline.wiring import changing
from hotline.wiring.changing import _Staff


class Ami:
    """Answers with the telephones of these agents, or not at all."""

    def __init__(self, agents: list[str]) -> None:
        self.agents, self.asked = agents, 0

    async def action(self, *_: Any, **__: Any) -> list[dict[str, str]]:
        self.asked += 1
        if not self.agents:
            raise AmiError("no answer")
        return [{"Device": interface(name), "State": "NOT_INUSE"} for name in self.agents]


async def looked(config: HotlineConfig, ami: Any, monkeypatch: Any) -> list[str]:
    seen: list[str] = []
    monkeypatch.setattr(changing, "take_device_state", lambda _, seat, __: seen.append(seat.name))
    away = SimpleNamespace(registered=False)
    seats = {agent.name: SimpleNamespace(name=agent.name, presence=away) for agent in config.agents}
    switchboard: Any = SimpleNamespace(seats=seats)
    basis: Any = None
    await _Staff(basis, switchboard, AmiControls(ami)).look_at_phones(config)
    return seen


async def test_asterisk_is_asked_once_for_everybody(config: HotlineConfig, monkeypatch: Any) -> None:
    names = [agent.name for agent in config.agents]
    ami = Ami(names[:2])
    assert await looked(config, ami, monkeypatch) == names[:2]
    silent = Ami([])
    assert await looked(config, silent, monkeypatch) == []
    assert (ami.asked, silent.asked) == (1, 1)
