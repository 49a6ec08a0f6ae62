"""What makes failures harmless, and the reception, to which callers come and come back."""

from dataclasses import dataclass
from functools import partial

from dialplan import announcement, happenings
from hotline.clock_steps import ClockSteps
from hotline.exchange.asterisk_events import AsteriskEvents
from hotline.exchange.calls import Call
from hotline.exchange.inside import Inside
from hotline.exchange.reception import Reception
from hotline.recovery.announcement import FallbackAnnouncement
from hotline.recovery.caller_numbers import number_plan
from hotline.recovery.channels import read_channels
from hotline.recovery.happenings import Meaning
from hotline.recovery.happenings_file import HappeningsFile
from hotline.recovery.importer import Importer
from hotline.recovery.mirror import Mirror
from hotline.recovery.restoring import Restorer
from hotline.recovery.resync import Resync
from hotline.recovery.returning import Returner
from hotline.storage.imports import Imports
from hotline.storage.open_work import OpenWork
from hotline.telephony.agi_server import AgiServer
from hotline.wiring.basis import Basis
from hotline.wiring.exchange import Exchange


@dataclass(frozen=True)
class Recovery:
    importer: Importer
    restorer: Restorer
    announcement: FallbackAnnouncement
    mirror: Mirror
    returner: Returner
    events: AsteriskEvents
    steps: ClockSteps
    agi: AgiServer
    inside: Inside


def build_recovery(basis: Basis, exchange: Exchange) -> Recovery:
    """Nothing listens yet."""
    switchboard, transfers, controls, ami = exchange.switchboard, exchange.transfers, exchange.controls, exchange.ami
    importer = _importer(basis, exchange)

    channels = partial(read_channels, ami)
    work = OpenWork(*basis.place)
    known = (basis.configuration, switchboard, exchange.ledger, work, importer, channels)
    restorer = Restorer(*known, basis.journal, basis.clock)
    kept = basis.state.asterisk / "etc" / announcement.FILE
    fallback = FallbackAnnouncement(ami, kept, controls.not_mirrored)
    mirror = Mirror(ami, controls, switchboard.seats, controls.not_mirrored, fallback)
    returner = Returner(ami, controls, restorer.take_up_talks, importer.soon, restorer.waiting_since, basis.clock)
    inside = Inside(switchboard, transfers)
    reception = Reception(
        basis.configuration,
        switchboard,
        transfers,
        controls,
        exchange.board,
        basis.clock,
        basis.prompt,
        sounds=lambda: basis.live.sounds,
        book=exchange.book,
        known=restorer,
        order=returner.gate,
        inside=inside,
        left_alone=returner.look_soon,
    )
    resync = Resync(mirror, restorer, returner)
    events = AsteriskEvents(ami, switchboard, transfers, resync.connected, returner.look_soon, exchange.outgoing)
    steps = ClockSteps(reception, switchboard, basis.clock)
    agi = AgiServer(steps, basis.config.network.agi.host, basis.config.network.agi.port)
    return Recovery(importer, restorer, fallback, mirror, returner, events, steps, agi, inside)


def _importer(basis: Basis, exchange: Exchange) -> Importer:
    held = exchange.switchboard.calls.get

    def unheard_end(call: Call) -> None:
        exchange.transfers.caller_left(call)
        exchange.switchboard.over(call)

    happened = HappeningsFile(basis.state.asterisk / "log" / happenings.FILE)
    imports = Imports(*basis.place, number_plan(basis.config).may_call_back)
    meaning = Meaning(basis.configuration, basis.clock, held)
    return Importer(happened, imports, basis.journal, meaning, basis.clock, held, exchange.board.refresh, unheard_end)
