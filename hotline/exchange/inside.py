"""What happens at extensions of our own: an agent's telephone dials a colleague or the code for recording a prompt,
or has sent a caller there.
"""

from typing import Protocol

import structlog

from agents.transfer import by_extension
from config.schema import HotlineConfig
from dialplan import variables
from dialplan.transfers import RECORD_CODE
from hotline.errors import AgiClosed, CallerGone, Refused
from hotline.exchange.calls import Call, Leg
from hotline.exchange.seats import Seat
from hotline.exchange.switchboard import Switchboard
from hotline.exchange.transfers import Transfers
from hotline.telephony.agi_server import AgiSession

log = structlog.get_logger()

_DEVICE = "PJSIP/agent-"


class Recorder(Protocol):
    """See hotline/changing/recorder.py."""

    async def run(self, session: AgiSession) -> None: ...


class Inside:
    """Asked by the reception for sessions on the AGI path `inside`. `recorder` is set before the first one."""

    def __init__(self, switchboard: Switchboard, transfers: Transfers) -> None:
        self._switchboard = switchboard
        self._transfers = transfers
        self.recorder: Recorder | None = None

    def refer(self, session: AgiSession, call: Call) -> None:
        """An agent's telephone has sent this caller to an extension: the session goes on with `Caller.run_referred`."""
        target = by_extension(call.config, session.environment.get("agi_extension", ""))
        call.channel = session.environment.get("agi_channel", call.channel)
        if self._transfers.referred(call, target) is None:
            log.info("transferred to an extension that does not exist", call=call.id)

    async def dial(self, session: AgiSession, config: HotlineConfig) -> Call | None:
        """An agent's telephone calls a colleague while a caller of ours is on hold; anything else is refused.

        The call when this session has become its caller's: the two were connected while the colleague still rang.
        """
        channel = session.environment.get("agi_channel", "")
        if session.environment.get("agi_extension") == RECORD_CODE and channel.startswith(_DEVICE) and self.recorder:
            await self._record(self.recorder, session)
            return None
        seat = self._seat(channel)
        target = by_extension(config, session.environment.get("agi_extension", ""))
        call = seat.call if seat is not None else None
        if seat is None or target is None or call is None:
            log.info("an agent's telephone dialled nothing that we connect")
            return None
        leg = Leg(channel, session.environment.get("agi_uniqueid", ""))
        try:
            await session.set_variable(f"__{variables.CALL_ID}", call.id)
            transfer = await self._transfers.dials(call, seat, target, leg)
            if transfer is not None:
                seconds = round(self._transfers.ring_seconds(call, target))
                await session.execute("Dial", target.dial, str(seconds), "g")
                if transfer.joined:
                    self._transfers.dialled(call, await session.get_variable("DIALSTATUS") or "")
                    return call
        except Refused as refused:
            log.info("an agent's telephone may not connect now", call=call.id, agent=seat.agent.name, why=str(refused))
        except (CallerGone, AgiClosed):
            log.info("an agent's telephone has ended its own call", call=call.id, agent=seat.agent.name)
        return None

    async def _record(self, recorder: Recorder, session: AgiSession) -> None:
        try:
            await recorder.run(session)
        except (CallerGone, AgiClosed):
            log.info("an agent's telephone has ended its own call")

    def _seat(self, channel: str) -> Seat | None:
        name = channel.removeprefix(_DEVICE).rpartition("-")[0]
        known = channel.startswith(_DEVICE) and name in self._switchboard.seats
        return self._switchboard.seats[name] if known else None
