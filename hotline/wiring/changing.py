"""How the configuration is changed while the hotline runs: who is told of a new one, and in which order."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from agents.presence import Intent
from config.schema import HotlineConfig
from hotline.changing.accounts import StaffChange, ensure_accounts
from hotline.changing.activation import Activation
from hotline.changing.changes import Changes
from hotline.changing.door import Door, socket_of
from hotline.changing.drafting import Drafting
from hotline.changing.recorder import Recorder
from hotline.changing.recordings import Recordings
from hotline.changing.sounds import Sounds
from hotline.changing.store import Store
from hotline.changing.telephony import Telephony
from hotline.changing.usable import require_usable
from hotline.errors import Refused, StorageError
from hotline.exchange.asterisk_events import take_device_state
from hotline.exchange.seats import Seat
from hotline.exchange.switchboard import Switchboard
from hotline.parent import control
from hotline.recovery.mirror import Mirror
from hotline.storage.audit import Audit
from hotline.storage.config_drafts import ConfigDrafts
from hotline.storage.past_calls import PastCalls
from hotline.storage.versions import Versions
from hotline.telephony.controls import AmiControls, interface
from hotline.wiring.basis import Basis
from hotline.wiring.exchange import Exchange

log = structlog.get_logger()


@dataclass(frozen=True)
class ChangingParts:
    """`changes` are what the pages ask; the others have to be run and closed."""

    changes: Changes
    activation: Activation
    sounds: Sounds
    telephony: Telephony
    door: Door
    recordings: Recordings
    recorder: Recorder
    parent: Path
    """The parent's control socket."""

    async def catch_up(self, text: str, config: HotlineConfig) -> None:
        """At our start: an activation may have been broken off before Asterisk was told. Without a parent, nobody can
        tell it."""
        if self.parent.exists():
            await self.telephony.bring_up_to_date(text, config)


def build_changing(basis: Basis, exchange: Exchange, mirror: Mirror) -> ChangingParts:
    """Nothing listens yet."""
    basis.live.listeners.append(partial(_tell_everybody, basis, exchange))
    heard = partial(_heard_now, basis, exchange.switchboard)
    versions, sounds = Versions(*basis.place), Sounds(basis.state, heard)
    parent = control.socket_of(basis.state)
    telephony = Telephony(partial(control.tell_asterisk, parent), mirror.check_queue)
    activation = Activation(
        basis.config,
        basis.live,
        sounds,
        Store(versions, basis.state.config_file),
        telephony,
        _Staff(basis, exchange.switchboard, exchange.controls),
        partial(require_usable, state=basis.state),
        basis.clock,
    )
    drafting = Drafting(ConfigDrafts(*basis.place), versions, basis.clock)
    changes = Changes(drafting, versions, activation, basis.live, PastCalls(*basis.place).since, basis.clock)
    door = Door(socket_of(basis.state), changes)
    recordings = Recordings(basis.state, basis.live, Audit(*basis.place), basis.clock, activation.alone, heard)
    recorder = Recorder(recordings, basis.state.asterisk / "spool" / "recording", basis.prompt)
    return ChangingParts(changes, activation, sounds, telephony, door, recordings, recorder, parent)


def for_pages(basis: Basis, switchboard: Switchboard) -> HotlineConfig:
    """What is in use, and those whose last call goes on although they are not in it any more: they keep their page."""
    config = basis.live.config
    gone = [seat.agent for seat in switchboard.seats if seat.gone]
    return config.model_copy(update={"agents": [*config.agents, *gone]}) if gone else config


def _heard_now(basis: Basis, switchboard: Switchboard) -> set[str]:
    """The sounds of new calls, and of those that go on."""
    each = (basis.live.sounds, *(call.sounds or {} for call in switchboard.calls.talked_about()))
    return {sound for sounds in each for sound in sounds.values()}


def _tell_everybody(basis: Basis, exchange: Exchange, config: HotlineConfig) -> None:
    """Whoever is gone is at home also after a restart, and what they had taken on is everybody's again."""
    for seat in _tell(exchange.switchboard, config):
        name, now = seat.agent.name, basis.clock.now()
        basis.journal.later(partial(exchange.presences.save, name, Intent.HOME.value, None, now))
        exchange.switchboard.spawn(_give_back(exchange, name))


async def _give_back(exchange: Exchange, agent: str) -> None:
    try:
        await exchange.board.give_back(agent, finishes=True)
    except (Refused, StorageError) as error:
        log.warning("callbacks stay with an agent who is gone", agent=agent, why=type(error).__name__)


def _tell(switchboard: Switchboard, config: HotlineConfig) -> list[Seat]:
    """The calls going on keep their version, but may come to somebody who is new. Returns who is gone now."""
    new = {agent.name: agent for agent in config.agents}
    seats = list(switchboard.seats)
    held = {call for seat in seats for call in (seat.call, *seat.unwritten) if call is not None}
    for call in {*switchboard.calls, *switchboard.calls.talked_about(), *held}:
        agents = {agent.name: agent for agent in call.config.agents} | new
        call.config = call.config.model_copy(update={"agents": list(agents.values())})
    return switchboard.staff.take(config.agents)


class _Staff:
    """See hotline/changing/activation.py."""

    def __init__(self, basis: Basis, switchboard: Switchboard, controls: AmiControls) -> None:
        self._basis, self._switchboard, self._controls = basis, switchboard, controls

    async def make_accounts(self, config: HotlineConfig) -> StaffChange:
        here, clock = self._basis, self._basis.clock
        return await ensure_accounts(here.place, config, here.state, clock.real_now(), trial=clock.moved)

    async def look_at_phones(self, config: HotlineConfig) -> None:
        """A telephone that is registered already, as of somebody who comes back, says nothing by itself."""
        states = await self._controls.device_states()
        for agent in config.agents:
            seat, state = self._switchboard.seats[agent.name], states.get(interface(agent.name))
            if state is not None and not seat.presence.registered:
                take_device_state(self._switchboard, seat, state)
