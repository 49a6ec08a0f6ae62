"""Accounts of those who are in the configuration: each agent can log in, and there is one who may lead.

Whose agent is taken out of the configuration cannot log in any more. When the name comes back soon, and with the same
full name, as by a roll-back, everything is as it was; otherwise it is taken for another person, who inherits nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from config.schema import HotlineConfig, PhoneKind
from hotline.changing.model import NewAccount
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


@dataclass(slots=True)
class StaffChange:
    """`made`: accounts with a new first password. `told`: German sentences."""

    made: tuple[NewAccount, ...] = ()
    told: list[str] = field(default_factory=list)


async def ensure_accounts(
    place: tuple[Database, str], config: HotlineConfig, state: StateDirectory, now: datetime, *, trial: bool = False
) -> StaffChange:
    """An account for each agent, and one that may lead if there is none; what has changed by that.

    `now` is real time; `trial`: the secrets are shared with the hotline that is not on trial.
    """
    work = _Work(Accounts(*place), Staff(*place), config, state, now)
    await work.close()
    await work.take_back()
    made = await work.make(forget=not trial)
    return StaffChange(made, work.told)


class _Work:
    def __init__(
        self, accounts: Accounts, staff: Staff, config: HotlineConfig, state: StateDirectory, now: datetime
    ) -> None:
        self._accounts, self._staff, self._state, self._now = accounts, staff, state, now
        self._agents = {agent.name: agent for agent in config.agents}
        self._made: list[NewAccount] = []
        self.told: list[str] = []

    async def close(self) -> None:
        """Those of agents who are not in the configuration any more."""
        gone = [one for one in await self._staff.accounts() if one.name not in self._agents and one.left_at is None]
        closed = sorted(one.name for one in gone if one.role is Role.AGENT)
        stay = [one for one in gone if one.role is not Role.AGENT and one.person is not None]
        await self._staff.close(closed, self._now)
        await self._staff.belong({one.name: None for one in stay})
        self.told += [CLOSED.format(name, name) for name in closed]
        self.told += [STAYS.format(one.name, one.role, one.name) for one in stay]

    async def take_back(self) -> None:
        """Those of agents who are in the configuration, perhaps again."""
        mine = [one for one in await self._staff.accounts() if one.name in self._agents]
        back = [one for one in mine if one.left_at is not None]
        await self._reopen([one for one in back if self._is_same(one)])
        await self._renew([one.name for one in back if not self._is_same(one)])
        await self._name([one for one in mine if one.left_at is None and one.person != self._full_name(one)])

    def _full_name(self, account: StaffAccount) -> str:
        return self._agents[account.name].full_name

    def _is_same(self, account: StaffAccount) -> bool:
        known = account.person in (None, self._full_name(account))
        return known and account.left_at is not None and self._now - account.left_at <= KEPT

    async def _reopen(self, accounts: list[StaffAccount]) -> None:
        await self._staff.reopen({one.name: self._full_name(one) for one in accounts})
        self.told += [REOPENED.format(one.name) for one in accounts]

    async def _name(self, accounts: list[StaffAccount]) -> None:
        """Who has another full name may have married, or be somebody else: a person has to say which."""
        await self._staff.belong({one.name: self._full_name(one) for one in accounts})
        for one in accounts:
            if one.person is not None:
                self.told.append(RENAMED.format(one.name, self._full_name(one), one.person, one.name))
            elif one.role is not Role.AGENT:
                self.told.append(TAKEN_OVER.format(self._full_name(one), one.role))

    async def _renew(self, names: list[str]) -> None:
        """Another person begins with what nobody had before."""
        if not names:
            return
        secrets = self._state.renew_secrets(names)
        for name in names:
            await self._accounts.renew(name, secrets.initial_passwords[name], self._agents[name].full_name)
            self._made.append(NewAccount(name, secrets.initial_passwords[name]))
            self.told.append(RENEWED.format(name))
            if self._agents[name].phone is PhoneKind.DESK:
                self.told.append(NEW_PHONE.format(self._agents[name].full_name))

    async def make(self, *, forget: bool) -> tuple[NewAccount, ...]:
        """Those that are missing. One that was removed and is wanted all the same gets another password than before."""
        known = {user.name: user.role for user in await self._accounts.users()}
        if forget:
            self._state.forget_secrets(but={*known, *self._agents, LEAD_ACCOUNT})
        wanted = {name: Role.AGENT for name in self._agents if name not in known}
        if LEAD_ACCOUNT not in wanted and not {Role.LEAD, Role.ADMIN} & set(known.values()):
            wanted[LEAD_ACCOUNT] = Role.LEAD
        secrets = await self._secrets(wanted)
        for name, role in wanted.items():
            if await self._accounts.ensure_user(name, secrets.initial_passwords[name], role, must_change=True):
                self._made.append(NewAccount(name, secrets.initial_passwords[name]))
        await self._staff.belong({name: self._agents[name].full_name for name in wanted if name in self._agents})
        return tuple(self._made)

    async def _secrets(self, wanted: Iterable[str]) -> Secrets:
        secrets = self._state.secrets(self._agents)
        if again := set(wanted) & await self._accounts.removed():
            log.warning("removed accounts are in the configuration and made again", accounts=len(again))
            secrets = self._state.renew_secrets(again, phones=False)
        return secrets
