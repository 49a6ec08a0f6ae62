"""Agents hand callers on: directly, after consulting somebody, or by the buttons of their own telephone.

One mechanism: the agent's leg is moved, never the caller's. During a consultation the agent's leg dials whoever is
consulted and the caller hears music; then the caller's own session is bridged with one of the two legs
(hotline/exchange/talk.py). The call keeps its id, its row in the ledger and everything that is known of it.
"""

from datetime import timedelta
from typing import Protocol

import structlog

from agents.presence import Work
from agents.transfer import Target, TargetKind
from hotline.clock import Clock
from hotline.errors import Refused
from hotline.exchange.book import Book
from hotline.exchange.calls import Call, Handed, Handover, Leg, OfferEnd, Phase, Transfer, TransferState, Wish
from hotline.exchange.seats import Seat
from hotline.exchange.switchboard import Switchboard

log = structlog.get_logger()

FIRST_TRY = timedelta(seconds=5)
"""The next agent was free when the caller was sent on; so long a telephone may take to settle."""
GIVEN_UP = "CANCEL"
"""Whoever dialled has hung up, which Asterisk tells next."""
_FAILURES = {
    "BUSY": (OfferEnd.REJECTED, "ist besetzt oder hat abgelehnt"),
    "NOANSWER": (OfferEnd.MISSED, "meldet sich nicht"),
    "CHANUNAVAIL": (OfferEnd.GONE, "ist nicht erreichbar"),
    "CONGESTION": (OfferEnd.GONE, "ist nicht erreichbar"),
}
_OTHERWISE = (OfferEnd.MISSED, "meldet sich nicht")


class LegMover(Protocol):
    """What a consultation needs of Asterisk's manager interface."""

    async def consult(self, channel: str, dial: str, seconds: float) -> bool: ...


class Transfers:
    """Refused, in German, for what cannot be done now."""

    def __init__(self, switchboard: Switchboard, book: Book, clock: Clock, mover: LegMover) -> None:
        self._switchboard = switchboard
        self._book = book
        self._clock = clock
        self._mover = mover

    # --- what agents ask for -----------------------------------------------------------------

    def require_possible(self, call: Call, seat: Seat, target: Target) -> None:
        """Refused unless the agent talks with the caller and the target can be rung now."""
        if call.phase is not Phase.TALKING or call.agent != seat.agent.name or call.over.is_set() or call.leg is None:
            raise Refused("Es gibt gerade kein Gespräch, das verbunden werden kann.")
        if call.transfer is not None:
            raise Refused("Es wird schon verbunden.")
        if not call.in_session:
            raise Refused("Dieses Gespräch kann nach einer Störung nicht verbunden werden. Bitte Rückruf vereinbaren.")
        if target.kind is TargetKind.AGENT:
            self._require_free(self._switchboard.seats[target.key], seat)

    @staticmethod
    def _require_free(other: Seat, seat: Seat) -> None:
        if other is seat:
            raise Refused("Das sind Sie selbst.")
        if not other.presence.available or other.call is not None:
            raise Refused(f"{other.agent.full_name} kann gerade keinen Anruf annehmen.")

    def begin(self, call: Call, seat: Seat, how: Handover, target: Target) -> None:
        """Start handing on; how it goes on, the agent's page shows."""
        self.require_possible(call, seat, target)
        transfer = self._started(call, seat, how, target, call.leg)
        if how is Handover.BLIND:
            self._switchboard.hang_up(call.leg)  # the caller's session goes on in `hand_on` or `leaves_us`
        else:
            self._switchboard.spawn(self._consult(call, transfer))

    def _started(self, call: Call, seat: Seat, how: Handover, target: Target, own_leg: Leg | None) -> Transfer:
        now = self._clock.now()
        transfer = Transfer(seat.agent.name, how, target, now, own_leg=own_leg)
        call.transfer, call.transfer_failed, call.bridge_next = transfer, None, None
        to = target.key if target.kind is not TargetKind.NUMBER else ""
        self._note(call, "transfer_started", transfer.by, how=how.value, target=target.kind.value, to=to)
        seat.touch()
        return transfer

    def complete(self, call: Call, seat: Seat) -> None:
        """The caller goes to whoever was consulted."""
        transfer = self._own(call, seat)
        if transfer.state is not TransferState.TALKING or call.over.is_set():
            raise Refused("Verbinden geht erst, wenn sich die andere Seite gemeldet hat und der Anrufer noch da ist.")
        self._give(call, transfer)

    def take_back(self, call: Call, seat: Seat) -> None:
        """The agent goes back to the caller."""
        transfer = self._own(call, seat)
        if transfer.how is not Handover.CONSULT:
            raise Refused("Das ist schon verbunden.")
        self._end_consulting(call, transfer, OfferEnd.WITHDRAWN)
        if call.over.is_set():
            self._switchboard.hang_up(transfer.own_leg)
            self.forget(call)
        else:
            self._return(call, transfer, "transfer_taken_back")

    @staticmethod
    def _own(call: Call, seat: Seat) -> Transfer:
        if call.transfer is None or call.transfer.by != seat.agent.name:
            raise Refused("Es wird gerade nicht verbunden.")
        return call.transfer

    # --- consulting --------------------------------------------------------------------------

    async def _consult(self, call: Call, transfer: Transfer) -> None:
        """Show the pop first; then move the agent's leg, which dials."""
        if not await self._prepared(call, transfer):
            return
        if call.transfer is not transfer or transfer.own_leg is None:
            return
        transfer.state = TransferState.RINGING
        self._touch(transfer)
        if not await self._mover.consult(
            transfer.own_leg.channel, transfer.target.dial, self.ring_seconds(call, transfer.target)
        ):
            self._fail(call, transfer, OfferEnd.GONE, "ist nicht erreichbar", moved=False)

    async def _prepared(self, call: Call, transfer: Transfer) -> bool:
        """The consulted agent's screen shows what the call is about; at once true for others."""
        if transfer.target.kind is not TargetKind.AGENT:
            return True
        seat, board = self._switchboard.seats[transfer.target.key], self._switchboard
        offer = board.offers.make(call, seat, self.ring_seconds(call, transfer.target), self._clock.now())
        transfer.offer = offer
        shown = await board.offers.show(call, offer, board.offers.store(offer), seat.touch)
        if shown and offer.open:
            return True
        end = OfferEnd.STALE if not shown else OfferEnd.REJECTED
        why = "hat gerade keinen Bildschirm offen" if not shown else "hat abgelehnt"
        self._fail(call, transfer, end, why, moved=False)
        return False

    def rings(self, call: Call, leg: Leg) -> None:
        """Whoever is to be consulted is rung on this leg."""
        self._switchboard.calls.add_leg(call, leg)
        transfer = call.transfer
        if transfer is None or transfer.state is not TransferState.RINGING or _is_refused(transfer):
            self._switchboard.hang_up(leg)
            return
        transfer.leg = leg

    def dialled(self, call: Call, status: str) -> None:
        """How dialling whoever is to be consulted came out, in the words of Dial."""
        transfer = call.transfer
        if transfer is None or transfer.state is not TransferState.RINGING or status == GIVEN_UP:
            return
        if transfer.joined:
            self._joined_while_ringing(call, transfer, status)
            return
        if status != "ANSWER":
            end, why = _FAILURES.get(status, _OTHERWISE)
            self._fail(call, transfer, end, why, moved=transfer.how is Handover.CONSULT)
            return
        if _is_refused(transfer):  # and picked up all the same
            self._fail(call, transfer, OfferEnd.REJECTED, "hat abgelehnt", moved=transfer.how is Handover.CONSULT)
            return
        transfer.state = TransferState.TALKING
        if transfer.offer is not None:
            self._switchboard.offers.close(transfer.offer, OfferEnd.ANSWERED)
            seat = self._switchboard.seats[transfer.offer.agent]
            seat.presence = seat.presence.busy(Work.TALKING, self._clock.now())
        self._note(call, "consulting", transfer.by)
        self._touch(transfer)

    def _fail(self, call: Call, transfer: Transfer, end: OfferEnd, why: str, *, moved: bool) -> None:
        """Back to the caller, who has heard music meanwhile if the leg had `moved`."""
        if call.transfer is not transfer:
            return
        call.transfer_failed = f"{transfer.target.label} {why}."
        log.info("transfer failed", call=call.id, why=end.value)
        self._end_consulting(call, transfer, end)
        if moved:
            self._return(call, transfer, "transfer_failed")
        else:
            self._note(call, "transfer_failed", transfer.by)
            self._decide(call, transfer, transfer.own_leg)  # Asterisk may have moved the leg and not have said so

    def _end_consulting(self, call: Call, transfer: Transfer, end: OfferEnd) -> None:
        """Whoever is or was to be consulted has nothing to do with the call any more."""
        if transfer.offer is not None and transfer.offer.open:
            self._switchboard.offers.close(transfer.offer, end)
        self._switchboard.hang_up(transfer.leg)
        self._release_consulted(call, transfer)

    def _release_consulted(self, call: Call, transfer: Transfer) -> None:
        if transfer.target.kind is not TargetKind.AGENT:
            return
        seat = self._switchboard.seats[transfer.target.key]
        if seat.call is call and call.agent != seat.agent.name:
            self._switchboard.release(seat)

    def _return(self, call: Call, transfer: Transfer, kind: str) -> None:
        """The caller is bridged with the agent's own leg again."""
        self._note(call, kind, transfer.by)
        if transfer.own_leg is None or transfer.own_leg.over.is_set():
            self._lose(call, transfer)
            return
        self._decide(call, transfer, transfer.own_leg)

    def _give(self, call: Call, transfer: Transfer) -> None:
        """The caller is bridged with the consulted leg, and the agent is done."""
        self._note(call, "transferred", transfer.by)
        by = self._switchboard.seats[transfer.by]
        if transfer.leg is None:
            raise ValueError("nobody was dialled to whom the caller could be given")
        self._decide(call, transfer, transfer.leg)
        if transfer.target.kind is TargetKind.AGENT:
            call.giver = transfer.by
            self._switchboard.with_agent(call, self._switchboard.seats[transfer.target.key])
        else:
            call.phase, call.talked_until, call.giver = Phase.OUTSIDE, self._clock.now(), None
            self._switchboard.wrap_ups.begin(call, by)
        self._switchboard.hang_up(transfer.own_leg)

    def _decide(self, call: Call, transfer: Transfer, leg: Leg | None) -> None:
        call.transfer = None
        if leg is not None:
            call.leg = call.bridge_next = leg
        transfer.decided.set()
        self._touch(transfer)

    def _lose(self, call: Call, transfer: Transfer) -> None:
        """Nobody is left but the caller, who is the agent's again as soon as the telephone is back."""
        self._decide(call, transfer, None)
        self._switchboard.wishes.agent_lost(call)

    def leg_over(self, call: Call, unique: str) -> None:
        """One of the legs of a consultation is gone."""
        transfer = call.transfer
        if transfer is None:
            return
        if transfer.leg is not None and transfer.leg.unique == unique:
            transfer.leg.over.set()
            if transfer.state is TransferState.TALKING:
                self._consulted_hung_up(call, transfer)
        elif transfer.own_leg is not None and transfer.own_leg.unique == unique:
            transfer.own_leg.over.set()
            if not transfer.joined:
                self._own_leg_over(call, transfer)

    def _consulted_hung_up(self, call: Call, transfer: Transfer) -> None:
        self._release_consulted(call, transfer)
        if call.over.is_set():
            self._switchboard.hang_up(transfer.own_leg)
            self.forget(call)
        elif transfer.how is Handover.PHONE:
            self.forget(call)
        else:
            call.transfer_failed = f"{transfer.target.label} hat aufgelegt."
            self._return(call, transfer, "transfer_failed")

    def _own_leg_over(self, call: Call, transfer: Transfer) -> None:
        """Who hangs up while consulting has handed the caller on; who is cut off is rung again."""
        preparing = transfer.state is TransferState.PREPARING and transfer.how is Handover.CONSULT
        if call.over.is_set() or transfer.how is Handover.PHONE or preparing:
            self.abandon(call)
        elif transfer.own_leg is not None and call.was_lost(transfer.own_leg, transfer.by):
            self._end_consulting(call, transfer, OfferEnd.WITHDRAWN)
            self._lose(call, transfer)
        elif transfer.state is TransferState.TALKING and transfer.leg is not None and not transfer.leg.over.is_set():
            self._give(call, transfer)
        elif transfer.state is TransferState.RINGING:
            self._end_consulting(call, transfer, OfferEnd.WITHDRAWN)
            transfer.how = Handover.BLIND
            transfer.decided.set()

    def abandon(self, call: Call) -> None:
        """Nobody is consulted any more, and the caller is with whom the caller was."""
        if call.transfer is not None:
            self._end_consulting(call, call.transfer, OfferEnd.WITHDRAWN)
            self.forget(call)

    def session_broken(self, call: Call) -> None:
        """Our session with the caller broke off while somebody was consulted: the caller goes on without the two."""
        transfer = call.transfer
        if transfer is not None and call.phase is Phase.TALKING and transfer.how is Handover.CONSULT:
            self.abandon(call)
            self._switchboard.hang_up(transfer.own_leg)
            self._switchboard.release(self._switchboard.seats[transfer.by])

    def forget(self, call: Call) -> None:
        """There is nothing left to hand on."""
        transfer, call.transfer = call.transfer, None
        if transfer is not None:
            transfer.decided.set()
            self._touch(transfer)

    def caller_left(self, call: Call) -> None:
        """The caller has hung up: nobody is rung for it any more; who is talking may go on."""
        transfer = call.transfer
        if transfer is not None and transfer.state is not TransferState.TALKING:
            self._end_consulting(call, transfer, OfferEnd.CALLER_LEFT)
            if transfer.state is TransferState.RINGING and transfer.how is Handover.CONSULT:
                self._switchboard.hang_up(transfer.own_leg)
            self.forget(call)

    # --- sending on without consulting -------------------------------------------------------

    def hand_on(self, call: Call, transfer: Transfer) -> None:
        """To another agent; the one who hands on stays with the call until it is taken, and gets it back if not."""
        by, ring = self._let_go(call, transfer), self.ring_seconds(call, transfer.target)
        self._switchboard.wishes.direct(
            call, [Wish(transfer.target.key, self._clock.now() + FIRST_TRY, ring), self._switchboard.wishes.back_to(by)]
        )

    def leaves_us(self, call: Call, transfer: Transfer) -> None:
        """To somebody who is none of our agents: about to be dialled."""
        self._let_go(call, transfer)
        call.phase = Phase.OUTSIDE

    def _let_go(self, call: Call, transfer: Transfer) -> Seat:
        by = self._switchboard.seats[transfer.by]
        call.transfer, call.giver = None, transfer.by
        call.talked_until = self._clock.now()
        by.presence = by.presence.busy(Work.WRAP_UP, self._clock.now())
        self._touch(transfer)
        return by

    def answered_outside(self, call: Call) -> None:
        """Whoever was dialled outside talks with the caller; told by AMI, and by the end of Dial."""
        if call.phase is not Phase.OUTSIDE or call.giver is None:
            return
        by, call.giver = self._switchboard.seats[call.giver], None
        self._note(call, "transferred", by.agent.name)
        self._switchboard.wrap_ups.begin(call, by)

    def not_reached_outside(self, call: Call, transfer: Transfer) -> None:
        """Back to the agent."""
        by = self._switchboard.seats[transfer.by]
        call.transfer_failed = f"{transfer.target.label} meldet sich nicht."
        self._note(call, "transfer_failed", transfer.by)
        self._switchboard.wishes.direct(call, [self._switchboard.wishes.back_to(by)])

    # --- by the agent's own telephone --------------------------------------------------------

    async def dials(self, call: Call, seat: Seat, target: Target, own_leg: Leg) -> Transfer | None:
        """The agent's telephone calls somebody while the caller is on hold: the pop first. None: do not dial."""
        self.require_possible(call, seat, target)
        call.handed = Handed(seat.agent.full_name, Handover.PHONE, "", {})
        transfer = self._started(call, seat, Handover.PHONE, target, own_leg)
        self._switchboard.calls.add_leg(call, own_leg)
        if not await self._prepared(call, transfer) or call.transfer is not transfer:
            return None
        transfer.state = TransferState.RINGING
        self._touch(transfer)
        return transfer

    def referred(self, call: Call, target: Target | None) -> Transfer | None:
        """The agent's telephone has sent the caller to this target; back to the agent when it is nobody we know."""
        call.leg = None  # AMI may tell only now that it has sent the caller on
        if call.agent is None:
            return None
        seat = self._switchboard.seats[call.agent]
        if target is None or (target.kind is TargetKind.AGENT and target.key == seat.agent.name):
            call.transfer_failed = "Dorthin kann nicht verbunden werden."
            seat.presence = seat.presence.busy(Work.LOST, self._clock.now())
            self._switchboard.wishes.direct(call, [self._switchboard.wishes.back_to(seat)])
            return None
        call.handed = Handed(seat.agent.full_name, Handover.PHONE, "", {})
        return self._started(call, seat, Handover.BLIND, target, None)

    def joined(self, call: Call, *, session_moves: bool) -> None:
        """The agent's telephone has connected the caller with whoever was consulted (REFER with Replaces).

        `session_moves`: the caller goes on in the session of the telephone's own call, whose Dial had not returned.
        """
        transfer = call.transfer
        if transfer is None or transfer.how is not Handover.PHONE:
            return
        transfer.joined = session_moves
        if call.leg is not None:
            call.leg.dismissed = True
        if transfer.state is TransferState.TALKING:
            self._give(call, transfer)
            return
        call.giver = transfer.by
        by = self._switchboard.seats[transfer.by]
        by.presence = by.presence.busy(Work.WRAP_UP, self._clock.now())
        self._touch(transfer)

    def _joined_while_ringing(self, call: Call, transfer: Transfer, status: str) -> None:
        """The caller has waited for the answer instead of the agent."""
        end, _ = _FAILURES.get(status, _OTHERWISE)
        if transfer.offer is not None and transfer.offer.open:
            self._switchboard.offers.close(transfer.offer, OfferEnd.ANSWERED if status == "ANSWER" else end)
        if status == "ANSWER":
            self._give(call, transfer)
            return
        self._note(call, "transfer_failed", transfer.by)
        self._decide(call, transfer, None)
        self._switchboard.wishes.direct(call, [self._switchboard.wishes.back_to(self._switchboard.seats[transfer.by])])

    # --- helpers -----------------------------------------------------------------------------

    @staticmethod
    def ring_seconds(call: Call, target: Target) -> float:
        """How long whoever gets a caller is rung."""
        inside = target.kind is TargetKind.AGENT
        return float(call.config.distribution.ring_seconds if inside else call.config.transfers.ring_seconds)

    def _note(self, call: Call, step: str, agent: str, **codes: str) -> None:
        self._book.noted(call, self._clock.now(), step, agent, **codes)

    def _touch(self, transfer: Transfer) -> None:
        self._switchboard.seats[transfer.by].touch()
        if transfer.target.kind is TargetKind.AGENT:
            self._switchboard.seats[transfer.target.key].touch()


def _is_refused(transfer: Transfer) -> bool:
    """Whoever is rung to be consulted does not want to, or cannot any more."""
    return transfer.offer is not None and not transfer.offer.open
