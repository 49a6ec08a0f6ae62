"""Who comes to the recording of prompts by dialling its code: an agent's telephone, and never a caller."""

from typing import Any

import pytest

from config.schema import HotlineConfig
from dialplan.transfers import RECORD_CODE
from hotline.errors import CallerGone
from hotline.exchange.inside import Inside
from tests.unit.doubles_switchboard import Office


class Session:
    def __init__(self, channel: str, extension: str) -> None:
        self.environment = {"agi_channel": channel, "agi_extension": extension}


class Recorder:
    def __init__(self) -> None:
        self.sessions: list[Any] = []

    async def run(self, session: Any) -> None:
        self.sessions.append(session)
        raise CallerGone("hung up")


@pytest.mark.parametrize(
    ("channel", "extension", "recording"),
    [
        ("PJSIP/agent-anna-00000001", RECORD_CODE, True),
        ("PJSIP/gateway-haus-00000001", RECORD_CODE, False),
        ("PJSIP/agent-anna-00000001", "77", False),
    ],
)
async def test_only_an_agents_telephone_comes_to_the_recording(
    config: HotlineConfig, channel: str, extension: str, recording: bool
) -> None:
    nothing: Any = None
    inside, recorder = Inside(Office(config).switchboard, nothing), Recorder()
    inside.recorder = recorder
    assert await inside.dial(Session(channel, extension), config) is None  # type: ignore[arg-type]
    assert len(recorder.sessions) == recording
