"""Accounts of those who are in the configuration: each agent can log in, and there is one who may lead."""

import structlog

from config.schema import HotlineConfig
from hotline.changing.model import NewAccount
from hotline.state import LEAD_ACCOUNT, StateDirectory
from hotline.storage.accounts import Accounts, Role

log = structlog.get_logger()


async def ensure_accounts(accounts: Accounts, config: HotlineConfig, state: StateDirectory) -> tuple[NewAccount, ...]:
    """An account for each agent, and one that may lead if there is none; those that were made now.

    An account that was removed and is wanted all the same gets another password than it began with before.
    """
    known = {user.name: user.role for user in await accounts.users()}
    wanted = {agent.name: Role.AGENT for agent in config.agents if agent.name not in known}
    if LEAD_ACCOUNT not in wanted and not {Role.LEAD, Role.ADMIN} & set(known.values()):
        wanted[LEAD_ACCOUNT] = Role.LEAD
    secrets = state.secrets(agent.name for agent in config.agents)
    if again := wanted.keys() & await accounts.removed():
        log.warning("removed accounts are in the configuration and made again", accounts=len(again))
        secrets = state.renew_initial_passwords(again)
    made = []
    for name, role in wanted.items():
        if await accounts.ensure_user(name, secrets.initial_passwords[name], role, must_change=True):
            made.append(NewAccount(name, secrets.initial_passwords[name]))
    return tuple(made)
