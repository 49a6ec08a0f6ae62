"""What an agent's page shows: the whole truth of one seat as JSON values, made anew for each push.

Before the identity tick only number, type, wait and counts are shown (§ 35 SGB I).
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from agents.presence import Intent, State, Work
from agents.promises import german_moment
from agents.standing import standing
from agents.transfer import numbers_allowed, targets
from config.schema import HotlineConfig, RequestType
from hotline.exchange.calls import Call, TransferState
from hotline.exchange.seats import Seat, Seats
from hotline.storage.familiar import Why
from hotline.storage.views import History
from hotline.storage.written import Written
from routing.hours import Opening

_KNOWN = {
    Why.PROMISE: "Zu dieser Nummer ist eine Zusage offen, die Sie aufgenommen haben.",
    Why.TALK: "Mit dieser Nummer haben Sie zuletzt gesprochen.",
}
"""Why a caller was put through to this agent rather than to another one; nothing about what it was about."""


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def request_view(request: RequestType) -> dict[str, Any]:
    """Guide and form of a request type."""
    return {
        "key": request.key,
        "label": request.label,
        "guide": list(request.guide),
        "papers": list(request.papers),
        "links": [{"label": link.label, "url": link.url} for link in request.links],
        "fields": [
            {
                "key": field.key,
                "label": field.label,
                "kind": field.kind.value,
                "required": field.required,
                "choices": list(field.choices),
            }
            for field in request.fields
        ],
    }


def call_view(call: Call, seat: Seat, now: datetime) -> dict[str, Any]:
    """The pop: what the agent may know of a call now; the history only for who may see it, see `Call.history_for`."""
    offer = seat.offer
    until = call.answered_at or now
    return {
        "call_id": call.id,
        "offer_id": offer.id if offer is not None else None,
        "phase": _phase(call, seat),
        "caller": call.display_number(),
        "request_type": request_view(call.request or call.config.unclear),
        "household_number": call.household_number,
        "language": language_name(call),
        "familiar": _KNOWN[known] if (known := call.known_to(seat.agent.name)) is not None else None,
        "waited_seconds": (until - call.joined_at).total_seconds() if call.joined_at else 0.0,
        "offered_at": _iso(offer.at if offer is not None else None),
        "answered_at": _iso(call.answered_at),
        "ring_until": _iso(offer.at + timedelta(seconds=offer.ring_seconds)) if offer is not None else None,
        "lost_until": _iso(call.wishes[0].until if call.wishes and seat.presence.work is Work.LOST else None),
        "wrap_up_until": _iso(call.wrap_up_until),
        "earlier_calls": call.earlier_calls or 0,
        "open_promises": call.open_promises,
        "people": call.people,
        "identity": call.identity,
        "history": call.history if seat.agent.name in call.history_for else None,
        "number": call.number,
        "written": list(call.written),
        "disposed": call.disposed,
        "caller_gone": call.over.is_set(),
        "transfer": _transfer_view(call, seat),
        "handed": _handed_view(call, seat),
    }


def language_name(call: Call) -> str | None:
    """The language that the caller has chosen, in German; None for the hotline's own."""
    chosen = call.chosen_language()
    return chosen.name if chosen is not None else None


def pause_minutes(seat: Seat, config: HotlineConfig) -> int | None:
    """After how many minutes the pause that the agent is in counts as long; None for no pause, and without a limit."""
    return config.distribution.pause_minutes if seat.presence.state is State.PAUSE else None


def _phase(call: Call, seat: Seat) -> str:
    """Where the call stands for this agent; "consulting" for a colleague who is asked about it."""
    transfer = call.transfer
    consulted = transfer is not None and transfer.by != seat.agent.name
    return "consulting" if consulted and seat.presence.work is Work.TALKING else seat.presence.work.value


def _transfer_view(call: Call, seat: Seat) -> dict[str, Any] | None:
    """For the agent who hands on: how far it has come, or why it came to nothing."""
    transfer, name = call.transfer, seat.agent.name
    if transfer is not None and transfer.by == name:
        state = "talking" if transfer.state is TransferState.TALKING else "ringing"
        return _transfer_row(transfer.how.value, transfer.target.kind.value, transfer.target.label, state)
    if call.giver == name and call.agent not in {None, name}:
        return _transfer_row("blind", "agent", call.config.agent(call.agent or "").full_name, "ringing")
    if call.transfer_failed is not None and call.spoke_with == name:
        return {**_transfer_row("consult", "agent", "", "failed"), "why": call.transfer_failed}
    return None


def _transfer_row(how: str, kind: str, target: str, state: str) -> dict[str, Any]:
    return {"how": how, "kind": kind, "target": target, "state": state, "why": None}


def _handed_view(call: Call, seat: Seat) -> dict[str, Any] | None:
    """For the agent who gets a caller from a colleague."""
    handed = call.handed
    if handed is None or handed.by == seat.agent.full_name:
        return None
    return {"by": handed.by, "how": handed.how.value, "note": handed.note, "values": dict(handed.values)}


def targets_view(config: HotlineConfig, seats: Seats, mine: Seat) -> dict[str, Any]:
    """To whom this agent could hand a caller on."""
    zone = ZoneInfo(config.hotline.timezone)
    return {
        "agents": [
            {
                "name": seat.agent.name,
                "full_name": seat.agent.full_name,
                "state": seat.presence.state.value,
                "cause": seat.presence.cause(zone),
                "available": seat.presence.available and seat.call is None,
            }
            for seat in seats
            if seat is not mine
        ],
        "case_workers": [
            {"key": target.key, "name": target.label, "phone": target.dialled} for target in targets(config)
        ],
        "numbers": numbers_allowed(config),
    }


def opening_text(opening: Opening, zone: ZoneInfo) -> str:
    """How long the hotline is open, or when it opens next, in German."""
    if opening.open and opening.closes_at is not None:
        return f"geöffnet bis {opening.closes_at.astimezone(zone):%H:%M} Uhr"
    if opening.next_open is None:
        return "geschlossen"
    return f"geschlossen, öffnet am {opening.next_open.astimezone(zone):%d.%m.%Y um %H:%M} Uhr"


def alarm(unserved: int) -> str | None:
    """The sentence that must not be overlooked: callers wait and nobody who could help them is ready."""
    if not unserved:
        return None
    people = "wartet 1 Anruf" if unserved == 1 else f"warten {unserved} Anrufe"
    return f"Es {people}, und niemand ist bereit. Bitte auf „Bereit“ klicken."


def hotline_view(
    config: HotlineConfig, opening: Opening, seats: Seats, waiting: int, unserved: int, *, draining: bool
) -> dict[str, Any]:
    """How the hotline as a whole stands."""
    if draining:
        text = "läuft aus: keine neuen Anrufe mehr"
    else:
        text = opening_text(opening, ZoneInfo(config.hotline.timezone))
    return {
        "name": config.hotline.name,
        "open": opening.open,
        "opening_text": text,
        "waiting": waiting,
        "ready": sum(seat.presence.state is State.READY for seat in seats),
        "alarm": alarm(unserved),
    }


def seat_view(seat: Seat, config: HotlineConfig, now: datetime) -> dict[str, Any]:
    """The agent's own state with its cause."""
    presence = seat.presence
    if seat.call is not None and not seat.may_show_call:
        presence = replace(presence, work=Work.FREE)
    return {
        "seq": seat.seq,
        "now": _iso(now),
        "agent": {"name": seat.agent.name, "full_name": seat.agent.full_name},
        "state": presence.state.value,
        "cause": presence.cause(ZoneInfo(config.hotline.timezone)),
        "since": _iso(presence.since),
        "intent": presence.intent.value,
        "reason": presence.reason if presence.intent is Intent.PAUSE else None,
        "pause_reasons": list(config.distribution.pause_reasons),
        "pause_minutes": pause_minutes(seat, config),
        "phone": {"kind": seat.agent.phone.value, "registered": presence.registered},
        "screens": len(seat.screens),
        "offices": [{"key": office.key, "name": office.name} for office in config.offices],
        "office": seat.agent.office,
        "request_types": [{"key": t.key, "label": t.label} for t in (*config.request_types, config.unclear)],
    }


def history_view(history: History, config: HotlineConfig, now: datetime) -> dict[str, Any]:
    """Earlier calls and promises of the caller's number, as they stand now; only for after the identity tick."""
    zone = ZoneInfo(config.hotline.timezone)
    labels = {kind.key: kind.label for kind in (*config.request_types, config.unclear)}

    def label(key: str | None) -> str:
        return labels.get(key or "", "")

    return {
        "calls": [
            {
                "at": _iso(past.at),
                "type": label(past.request_type),
                "outcome": past.outcome,
                "note": past.note,
                "threat": past.threat,
                "people": list(past.people),
            }
            for past in history.calls
        ],
        "promises": [
            {
                "receipt": past.receipt,
                "due": _iso(past.due_at),
                "status": past.status,
                "standing": standing(past, now, zone),
                "type": label(past.request_type),
                "person": past.person,
            }
            for past in history.promises
        ],
    }


def written_view(written: Written, config: HotlineConfig) -> dict[str, Any]:
    """What a request came to, as the agent reads it out: the same keys as `CaseWork.dispose` has."""
    labels = {kind.key: kind.label for kind in (*config.request_types, config.unclear)}
    due = written.due_at or written.callback_due
    return {
        "number": written.number,
        "agent": written.agent,
        "type": labels.get(written.request_type, written.request_type),
        "outcome": written.outcome,
        "receipt": written.receipt,
        "due": german_moment(due, config.hotline.timezone) if due is not None else None,
        "responsible": written.responsible_name,
        "rule": written.rule,
        "team": written.responsible_email == config.mail.team_mailbox,
    }
