"""What the pages ask of the running service: the desk of each agent, and the accounts behind the login."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol


class Desk(Protocol):
    """The service as the pages see it. Everything raises `Refused` when it cannot be done now.

    The snapshot is the whole truth and is always sent as a whole: a page that shows the newest one is right,
    whatever it missed before. Its keys are made in `hotline/views.py`.
    """

    def snapshot(self, agent: str) -> Mapping[str, Any]:
        """All that the agent's page shows, JSON-able; `seq` grows with each change."""

    async def changed(self, agent: str, seen: int) -> None:
        """Return as soon as the snapshot's `seq` is greater than `seen`."""

    def screen_opened(self, agent: str, screen: str) -> None:
        """A tab of the agent is being served live; told once per tab, however often it reconnects."""

    def screen_closed(self, agent: str, screen: str) -> None:
        """The tab is not served any more."""

    async def set_intent(self, agent: str, intent: str, reason: str | None) -> None:
        """`ready`, `pause` (with one of the configured reasons) or `home`."""

    async def offer_shown(self, agent: str, offer_id: str) -> None:
        """The page has rendered the pop of this offer."""

    async def reject(self, agent: str, offer_id: str) -> None:
        """The agent does not take the offered call."""

    async def hang_up(self, agent: str) -> None:
        """End the agent's leg because the agent wants to; the same for browser and desk phone.

        A leg of a browser's phone that ends without having been asked for here has broken off.
        """

    async def correct_type(self, agent: str, call_id: str, request_type: str) -> None:
        """The call is about something else than the caller pressed."""

    async def identity_checked(self, agent: str, call_id: str, how: str) -> None:
        """The agent has checked who is calling; afterwards the snapshot carries `history`."""

    async def transfer(
        self, agent: str, call_id: str, how: str, kind: str, value: str, note: str, values: Mapping[str, str]
    ) -> None:
        """Hand the caller on to an `agent` (name), `case_worker` (e-mail) or `number`: `consult` first, or `blind`.

        `note` is for whoever gets the call, `values` is what stands in the form so far, the field `note` included.
        """

    async def complete_transfer(self, agent: str, call_id: str) -> None:
        """The consultation is over: the caller goes to whom the agent is talking with."""

    async def take_back(self, agent: str, call_id: str) -> None:
        """The consultation is over, also while it rings: the agent goes on with the caller."""

    async def extend_wrap_up(self, agent: str) -> None:
        """More time after the talk."""

    async def take_callback(self, agent: str, callback_id: str) -> None:
        """This agent will ring the caller back."""

    async def finish_callback(self, agent: str, callback_id: str, outcome: str, note: str) -> None:
        """The caller was rung back."""

    def softphone(self, agent: str) -> Mapping[str, str] | None:
        """`{"uri", "user", "password", "websocket"}`, or None for a desk phone."""


class User(Protocol):
    """Who is logged in."""

    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def must_change(self) -> bool: ...


class Accounts(Protocol):
    """Names, passwords and sessions; only hashes are stored."""

    async def verify(self, name: str, password: str) -> User | None: ...
    async def open_session(self, user: Any, now: datetime, lifetime: timedelta) -> str: ...
    async def user_of(self, token: str, now: datetime) -> User | None: ...
    async def close_session(self, token: str) -> None: ...
    async def close_sessions(self, name: str) -> None: ...
