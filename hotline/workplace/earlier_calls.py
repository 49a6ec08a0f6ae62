"""Who may read what earlier calls were about: who has checked who is calling, and later who has got that caller.

Whoever is only rung or asked about the call sees that it was checked, and nothing more (§ 35 SGB I). The tick itself
is `Desk.identity_checked`; here it is noticed that the caller is with somebody else.
"""

import structlog

from hotline.clock import Clock
from hotline.exchange.calls import Call, Phase
from hotline.exchange.journal import Journal
from hotline.exchange.seats import Seat
from hotline.exchange.switchboard import Switchboard
from hotline.storage.audit import Audit

log = structlog.get_logger()


class EarlierCalls:
    """A listener of `Seats`. The audit log has the reader first, then the page has the contents."""

    def __init__(self, audit: Audit, journal: Journal, switchboard: Switchboard, clock: Clock) -> None:
        self._audit = audit
        self._journal = journal
        self._switchboard = switchboard
        self._clock = clock
        self._asked: set[tuple[str, str]] = set()
        """Calls and agents whose rows are being stored."""

    def __call__(self, seat: Seat) -> None:
        call, agent = seat.call, seat.agent.name
        if call is None or not _has_got(call, agent) or (call.id, agent) in self._asked:
            return
        self._asked.add((call.id, agent))
        self._switchboard.spawn(self._open(call, seat))

    async def _open(self, call: Call, seat: Seat) -> None:
        """A database that does not answer only delays it: the journal tries again."""
        agent, history = seat.agent.name, call.history
        try:
            await self._journal.begin(lambda: self._record(agent, call.id))
        except Exception as error:
            log.error("earlier calls not shown, the audit log refuses", call=call.id, error=type(error).__name__)
            return
        finally:
            self._asked.discard((call.id, agent))
        if call.history is history:  # else the check has been forgotten, or was made anew
            call.history_for.add(agent)
            seat.touch()

    async def _record(self, agent: str, call_id: str) -> None:
        await self._audit.record(self._clock.real_now(), agent, "history_shown", call_id)


def _has_got(call: Call, agent: str) -> bool:
    """Whether this agent talks with a caller whom somebody else has checked."""
    with_caller = call.phase is Phase.TALKING and call.agent == agent
    return with_caller and call.history is not None and agent not in call.history_for
