"""Accounts of those who are in the configuration: each agent can log in, and there is one who may lead.

Whose agent is taken out of the configuration cannot log in any more: the account is closed. When the name comes back
soon, and with the same full name, as by a roll-back, everything is as it was; otherwise it is another person's, who
inherits nothing. An account that is open belongs to whoever has its name.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from config.schema import HotlineConfig, PhoneKind
from hotline.changing.first_passwords import FirstPasswords
from hotline.changing.model import NewAccount
from hotline.errors import HotlineError
from hotline.logs import log_failure
from hotline.state import LEAD_ACCOUNT, Secrets, StateDirectory
from hotline.storage.accounts import Accounts, Role
from hotline.storage.database import Database
from hotline.storage.staff import Staff, StaffAccount

log = structlog.get_logger()

KEPT = timedelta(days=30)
"""So long after an agent was taken out the name is taken for the same person's."""

CLOSED = "Das Konto {} ist geschlossen: Es gehört zu niemandem in der Konfiguration. Löschen: `hotline user remove {}`."
STAYS = "Das Konto {} bleibt offen, denn es hat eine eigene Rolle ({}). Löschen: `hotline user remove {}`."
REOPENED = "Das Konto {} ist wieder offen, mit dem Passwort von vorher."
RENEWED = "Das Konto {} gehörte früher jemandem und ist jetzt neu: mit anderem Passwort, ohne die alten Anmeldungen."
NEW_PHONE = "Das Tischtelefon von {} braucht ein neues Kennwort: Das alte gilt nicht mehr."
TAKEN_OVER = "Zum Platz von {} gehört das Konto, das es schon gab (Rolle {}), mit seinem Passwort."
RENAMED = (
    "Das Konto {} gehört jetzt zu {}, bisher zu {}. Ist das ein anderer Mensch, vergeben Sie ein neues Passwort: "
    "`hotline user password {}`."
)
NO_LEAD = "Kein Konto hat die Rolle lead oder admin. Vergeben Sie eine: `hotline user role NAME lead`."

_LATER = "; der nächste Start der Hotline holt es nach."
NOT_CLOSED = f"Konten, deren Platz es nicht mehr gibt, sind vielleicht noch offen{_LATER}"
NOT_OPENED = f"Konten, deren Platz es wieder gibt, sind vielleicht noch geschlossen{_LATER}"
NOT_NAMED = f"Bei manchen Konten steht vielleicht noch ein früherer Name{_LATER}"
NOT_MADE = f"Manche Konten fehlen vielleicht noch{_LATER}"
NOT_FORGOTTEN = f"Passwörter entfernter Konten sind vielleicht noch gespeichert{_LATER}"


@dataclass(slots=True)
class StaffChange:
    """`made`: accounts with a new first password. `told`: German sentences."""

    made: tuple[NewAccount, ...] = ()
    told: list[str] = field(default_factory=list)


async def ensure_accounts(
    place: tuple[Database, str], config: HotlineConfig, state: StateDirectory, now: datetime, *, trial: bool = False
) -> StaffChange:
    """An account for each agent, and one that may lead if there is none; what has changed by that.

    A step that fails keeps no other from being taken, is told, and is caught up with by the next start.
    `now` is real time; `trial`: the secrets are shared with the hotline that is not on trial.
    """
    work = _Work(Accounts(*place), Staff(*place), config, FirstPasswords(state, trial=trial), now)
    steps = (
        (work.close, NOT_CLOSED),
        (work.take_back, NOT_OPENED),
        (work.name, NOT_NAMED),
        (work.make, NOT_MADE),
        (work.forget, NOT_FORGOTTEN),
    )
    for step, failed in steps:
        try:
            await step()
        except (HotlineError, OSError) as error:
            log_failure("accounts were not brought up to date", "", error)
            work.change.told.append(failed)
    return work.change


class _Work:
    def __init__(
        self, accounts: Accounts, staff: Staff, config: HotlineConfig, passwords: FirstPasswords, now: datetime
    ) -> None:
        self._accounts, self._staff, self._passwords, self._now = accounts, staff, passwords, now
        self._agents = {agent.name: agent for agent in config.agents}
        self.change = StaffChange()

    async def close(self) -> None:
        """Those of agents who are not in the configuration any more."""
        gone = [one for one in await self._staff.accounts() if one.name not in self._agents and not one.closed]
        closed = sorted(one.name for one in gone if one.role is Role.AGENT)
        await self._staff.close(closed, self._now)
        self._tell("closed", [CLOSED.format(name, name) for name in closed])
        stay = [one for one in gone if one.role is not Role.AGENT and one.person is not None]
        await self._staff.stay(one.name for one in stay)
        self._tell("stays", [STAYS.format(one.name, one.role, one.name) for one in stay])

    async def take_back(self) -> None:
        """Closed ones of agents who are in the configuration again."""
        back = [one for one in await self._staff.accounts() if one.name in self._agents and one.closed]
        same = [one.name for one in back if self._is_same(one)]
        await self._staff.reopen({name: self._agents[name].full_name for name in same})
        self._tell("opened again", [REOPENED.format(name) for name in same])
        await self._renew([one.name for one in back if not self._is_same(one)])

    def _is_same(self, account: StaffAccount) -> bool:
        """Who an account belonged to is not known of those that were closed before this was noted: it is not asked."""
        known = account.person == self._agents[account.name].full_name
        return known and account.left_at is not None and self._now - account.left_at <= KEPT

    async def _renew(self, names: list[str]) -> None:
        """Another person begins with what nobody had before."""
        if not names:
            return
        before = self._passwords.secrets().phone_secrets
        secrets = self._passwords.renewed(names, phones=True)
        for name in names:
            agent = self._agents[name]
            await self._accounts.renew(name, secrets.initial_passwords[name], agent.full_name)
            self._has_made(name, secrets)
            self._tell("renewed", [RENEWED.format(name)])
            if agent.phone is PhoneKind.DESK and secrets.phone_secrets[name] != before.get(name):
                self._tell("needs a telephone's new password", [NEW_PHONE.format(agent.full_name)])

    async def name(self) -> None:
        """Who has another full name may have married, or be somebody else: a person has to say which."""
        mine = [one for one in await self._staff.accounts() if one.name in self._agents and not one.closed]
        other = {one.name: one for one in mine if one.person != self._agents[one.name].full_name}
        await self._staff.named({name: self._agents[name].full_name for name in other})
        for name, one in other.items():
            full = self._agents[name].full_name
            if one.person is not None:
                self._tell("other full name", [RENAMED.format(name, full, one.person, name)])
            elif one.role is not Role.AGENT:
                self._tell("taken over", [TAKEN_OVER.format(full, one.role)])

    async def make(self) -> None:
        """Those that are missing. One that was removed and is wanted all the same gets another password than before."""
        known = {user.name: user.role for user in await self._accounts.users()}
        wanted = {name: Role.AGENT for name in self._agents if name not in known}
        led = bool({Role.LEAD, Role.ADMIN} & {*known.values()})
        if not led and LEAD_ACCOUNT in known:
            self._tell("nobody leads", [NO_LEAD])
        elif not led:
            wanted[LEAD_ACCOUNT] = Role.LEAD
        secrets = await self._secrets(wanted)
        for name, role in wanted.items():
            person = self._agents[name].full_name if name in self._agents else None
            password = secrets.initial_passwords[name]
            if await self._accounts.ensure_user(name, password, role, must_change=True, person=person):
                self._has_made(name, secrets)

    async def forget(self) -> None:
        """Passwords of who has neither an account nor a place."""
        known = {user.name for user in await self._accounts.users()}
        self._passwords.forget(but={*known, *self._agents, LEAD_ACCOUNT})

    async def _secrets(self, wanted: Iterable[str]) -> Secrets:
        secrets = self._passwords.secrets(self._agents)
        if again := set(wanted) & await self._accounts.removed():
            log.warning("removed accounts are in the configuration and made again", accounts=len(again))
            secrets = self._passwords.renewed(again, phones=False)
        return secrets

    def _has_made(self, name: str, secrets: Secrets) -> None:
        self.change.made += (NewAccount(name, secrets.initial_passwords[name]),)

    def _tell(self, what: str, sentences: list[str]) -> None:
        if sentences:
            log.info("accounts changed with the configuration", what=what, accounts=len(sentences))
            self.change.told += sentences
