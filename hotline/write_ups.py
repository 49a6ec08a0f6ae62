"""Talks that agents have still to write up after a start: one at a time on each screen, the others when it is free."""

from collections import defaultdict
from datetime import timedelta

import structlog

from agents.presence import Work
from hotline.calls import Call, Phase
from hotline.clock import Clock
from hotline.seats import Seat
from hotline.switchboard import Switchboard

log = structlog.get_logger()


class WriteUps:
    def __init__(self, switchboard: Switchboard, clock: Clock) -> None:
        self._switchboard = switchboard
        self._clock = clock
        self._later: defaultdict[str, list[Call]] = defaultdict(list)

    def put(self, seat: Seat, call: Call) -> None:
        """Onto the agent's screen, with the full time for wrapping up; a call that is there already stays."""
        waiting = self._later[seat.agent.name]
        if call.id in {one.id for one in (*waiting, *([seat.call] if seat.call is not None else []))}:
            return
        call.phase = Phase.WRAP_UP
        call.over.set()
        if seat.call is None:
            self._show(seat, call)
            return
        waiting.append(call)
        if len(waiting) == 1:
            self._switchboard.spawn(self._when_free(seat))

    async def _when_free(self, seat: Seat) -> None:
        waiting = self._later[seat.agent.name]
        while waiting:
            seen = seat.seq
            if seat.call is None and waiting[0].disposed is None:
                self._show(seat, waiting[0])
            if seat.call is waiting[0] or waiting[0].disposed is not None:
                waiting.pop(0)
            else:
                await seat.changed(seen)

    def _show(self, seat: Seat, call: Call) -> None:
        now = self._clock.now()
        call.wrap_up_until = now + timedelta(seconds=call.config.distribution.wrap_up_seconds)
        seat.call = call
        seat.presence = seat.presence.busy(Work.WRAP_UP, now)
        log.info("a talk is still to be written up", call=call.id, agent=seat.agent.name)
        seat.touch()
