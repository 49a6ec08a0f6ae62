"""The exchange: Asterisk's manager interface, the line, talks, transfers, and callbacks rung by agents."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from hotline.callback_board import CallbackBoard
from hotline.exchange.asterisk_events import WANTED_EVENTS
from hotline.exchange.book import Book
from hotline.exchange.outgoing import Outgoing
from hotline.exchange.parties import to_be_heard
from hotline.exchange.places import Places
from hotline.exchange.seats import Seats
from hotline.exchange.silence import Party, Silence
from hotline.exchange.switchboard import Switchboard
from hotline.exchange.transfers import Transfers
from hotline.setup.asterisk_files import AMI_USER
from hotline.storage.agent_states import AgentStates
from hotline.storage.callbacks import Callbacks
from hotline.storage.ledger import Ledger
from hotline.storage.places import PlaceOffers
from hotline.storage.presences import Presences
from hotline.telephony.ami import AmiClient
from hotline.telephony.controls import AmiControls
from hotline.telephony.originate import Originator
from hotline.wiring.basis import Basis
from hotline.workplace.states import States


@dataclass(frozen=True)
class Exchange:
    """Where callers and agents meet."""

    ami: AmiClient
    controls: AmiControls
    ledger: Ledger
    presences: Presences
    book: Book
    switchboard: Switchboard
    transfers: Transfers
    outgoing: Outgoing
    callbacks: Callbacks
    board: CallbackBoard
    places: Places
    silence: Silence


def build_exchange(basis: Basis) -> Exchange:
    """Nothing is connected yet."""
    place, journal, clock = basis.config.network.ami, basis.journal, basis.clock
    ami = AmiClient(
        place.host,
        place.port,
        AMI_USER,
        basis.secrets.ami_secret,
        system_name=basis.secrets.system_name,
        wanted=WANTED_EVENTS,
    )
    controls, ledger = AmiControls(ami), Ledger(*basis.place)
    book = Book(journal, ledger)
    switchboard = Switchboard(Seats(basis.config.agents, clock.now()), book, clock, controls)
    switchboard.seats.listeners.append(States(AgentStates(*basis.place), journal, clock))
    outgoing = Outgoing(switchboard, Originator(ami), controls, journal, ledger, clock)
    callbacks = Callbacks(*basis.place)
    board = CallbackBoard(callbacks, journal, switchboard, clock, outgoing, basis.configuration)
    known = (PlaceOffers(*basis.place), ledger, journal, clock, basis.configuration)
    places = Places(switchboard, board, outgoing, *known)
    transfers = Transfers(switchboard, book, clock, controls)
    presences = Presences(*basis.place)
    silence = _silence(basis, switchboard, outgoing, controls)
    return Exchange(
        ami,
        controls,
        ledger,
        presences,
        book,
        switchboard,
        transfers,
        outgoing,
        callbacks,
        board,
        places,
        silence,
    )


def _silence(basis: Basis, switchboard: Switchboard, outgoing: Outgoing, controls: AmiControls) -> Silence:
    def parties() -> Iterator[Party]:
        return to_be_heard(switchboard.calls, outgoing, basis.live.config)

    return Silence(parties, controls.packets, controls.hang_up, time.monotonic)
