"""What may pass between us and Asterisk's manager interface: panoramisk's protocol, guarded.

Kept from panoramisk 1.4: its Action (ids, serialisation, the future) and AMIProtocol's registry of pending actions.
Replaced, each for a trap that tests/wire/test_ami_guard.py and test_ami_client.py reproduce:

- data_received: it decoded each TCP segment alone (a split UTF-8 character vanished), built a costly Message for
  every event, and let an exception tear the connection down. Here bytes are split first and decoded per message, an
  event that nobody wants or that lacks our stamp is dropped before it is parsed, and nothing foreign is called.
- completion of an action: guessed from texts, raised KeyError for an Originate without Async. Here only Asterisk's
  `EventList` decides.
- close: queued unanswered actions for the next connection (an Originate would call a citizen twice). Here they fail.
- panoramisk's Manager is not used: its reconnection replays, never ends, and takes a wrong password for a login.

Events: `Event: …` messages without one of our pending list actions' ids. They count only when stamped with our
SystemName, a secret, so that a line break in a caller's name cannot forge one. A header that comes more than once
(ChanVariable, Output) is one value with newlines.
"""

import asyncio
import re
from collections.abc import Callable, Collection, Mapping, Sequence

from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol

from hotline.errors import AmiRefused, AmiUnavailable

MAX_BUFFER = 4 * 1024 * 1024
MAX_LINE = 1000  # bytes; Asterisk drops a header line of 1025 or more
MAX_HEADERS = 100  # Asterisk ignores those beyond 128

_FORBIDDEN = re.compile("[\r\n\0]")
_BANNER = b"Asterisk Call Manager"

Headers = dict[str, str]
Field = str | int | Sequence[str]


class GuardedAction(Action):  # type: ignore[misc]  # panoramisk has no types
    """One action: complete at its response, or at the end of the list that its response announces."""

    def __init__(self, name: str, fields: Mapping[str, Field]) -> None:
        super().__init__({"Action": name, **fields})
        self.is_list = False

    def take(self, message: Headers) -> bool:
        """Collect a message; true when this was the last one."""
        self.responses.append(message)
        if "Event" not in message:
            self.is_list = message.get("EventList", "").lower() == "start"
            return not self.is_list
        return message.get("EventList", "").lower() in {"complete", "cancelled"}

    def settle(self) -> None:
        if self.future.done():  # given up meanwhile
            return
        first: Headers = self.responses[0]
        if first.get("Response", "") in {"Error", "Fail", "Failure"}:
            self.fail(AmiRefused(f"Asterisk refused {self['Action']}: {first.get('Message', 'without a reason')}"))
        elif not self.whole:
            self.fail(AmiUnavailable(f"Asterisk's answer to {self['Action']} came in parts: items are missing"))
        else:
            self.future.set_result(self.responses)

    @property
    def whole(self) -> bool:
        """Whether as many items came as the end of the list says; some lists have more of them than they count."""
        said = self.responses[-1].get("ListItems", "")
        return not self.is_list or not said.isdecimal() or int(said) <= len(self.responses) - 2

    def fail(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)


def guarded_action(name: str, fields: Mapping[str, Field]) -> GuardedAction:
    """ValueError for whatever could smuggle in a second action or would be cut off by Asterisk."""
    check(name, fields)
    return GuardedAction(name, fields)


def check(name: str, fields: Mapping[str, Field]) -> None:
    """ValueError unless the action is one action, as long as Asterisk takes, with an id of our choosing."""
    lines = [f"Action: {name}", *(f"{key}: {value}" for key in fields for value in _values(fields[key]))]
    if any(_FORBIDDEN.search(line) for line in lines):
        raise ValueError(f"a field of the AMI action {name.split()[0]} must not hold a line break or NUL")
    if len(lines) > MAX_HEADERS or any(len(line.encode("utf-8")) > MAX_LINE for line in lines):
        raise ValueError(f"the AMI action {name} is longer than Asterisk takes")
    if any(key.lower() in {"action", "actionid"} or ":" in key for key in fields):
        raise ValueError(f"the AMI action {name} takes neither Action, ActionID nor a colon as a field's name")


def _values(value: Field) -> list[str]:
    return [str(value)] if isinstance(value, str | int) else [str(one) for one in value]


class GuardedProtocol(AMIProtocol):  # type: ignore[misc]  # panoramisk has no types
    """One connection. `on_event(headers)` and `on_lost()` are called in the order of the bytes; `on_damage()` for what
    Asterisk does not write: bytes were lost, or somebody tries to forge."""

    encoding = "utf-8"
    responses: dict[str, GuardedAction]

    def __init__(
        self,
        on_event: Callable[[Headers], None],
        on_lost: Callable[["GuardedProtocol"], None],
        system_name: str | None = None,
        wanted: Collection[str] | None = None,
        on_damage: Callable[["GuardedProtocol"], None] = lambda _: None,
    ) -> None:
        self.on_event = on_event
        self.on_lost = on_lost
        self.on_damage = on_damage
        self.banner: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        """True when Asterisk has greeted, false when the connection ended before."""
        self.heard = False
        self._stamp = None if system_name is None else f"\r\nSystemName: {system_name}\r\n".encode()
        self._wanted = None if wanted is None else {name.encode() for name in wanted}
        self._buffer = b""
        self._lost = False

    def submit(self, action: GuardedAction) -> "asyncio.Future[list[Headers]]":
        """Send it once and never again; its future fails when the connection is lost."""
        if self._lost or self.transport.is_closing():
            raise AmiUnavailable(f"not connected to Asterisk, {action['Action']} was not sent")
        future: asyncio.Future[list[Headers]] = self.send(action)
        return future

    def data_received(self, data: bytes) -> None:
        self.heard = True
        *messages, self._buffer = (self._buffer + data).split(b"\r\n\r\n")
        if self.version is None and not self._greeted(messages):
            return
        for message in messages:
            if self._lost:
                return
            self._receive(message)
        if len(self._buffer) > MAX_BUFFER:
            self.drop()

    def _greeted(self, messages: list[bytes]) -> bool:
        """Take the first line, `Asterisk Call Manager/11.0.0`, off; a peer that says something else is dropped."""
        start = messages[0] if messages else self._buffer
        line, end, rest = start.partition(b"\r\n")
        if not _BANNER.startswith(line[: len(_BANNER)]):
            self.drop()
            return False
        if not end and not messages:
            return False
        self.version = line.decode("ascii", "replace").partition("/")[2]
        if messages:
            messages[0] = rest
        else:
            self._buffer = rest
        if not self.banner.done():
            self.banner.set_result(True)
        return True

    def _receive(self, raw: bytes) -> None:
        raw = raw.strip()
        if raw.startswith(b"Response: ") or self._pending_list(raw):
            self._answer(parse(raw))
        elif not raw.startswith(b"Event: ") or not self._stamped(raw):
            if not self._never_stamped(raw):
                self.on_damage(self)
        elif self._wanted is None or raw[7:].partition(b"\r\n")[0] in self._wanted:
            self.on_event(parse(raw))

    @staticmethod
    def _never_stamped(raw: bytes) -> bool:
        """Asterisk's greeting after the login, and the rest of a list that we have given up."""
        return not raw or raw.startswith(b"Event: FullyBooted\r\n") or b"\r\nActionID: " in raw

    def _stamped(self, raw: bytes) -> bool:
        """Once: two stamps are two messages, and what parted them got lost."""
        return self._stamp is None or (raw + b"\r\n").count(self._stamp) == 1

    def _pending_list(self, raw: bytes) -> bool:
        """Whether this event is an item of a list that we asked for (others may carry our id as well)."""
        if not self.responses:
            return False
        _, found, rest = raw.partition(b"\r\nActionID: ")
        action = self.responses.get(rest.partition(b"\r\n")[0].decode("utf-8", "replace")) if found else None
        return action is not None and action.is_list

    def _answer(self, message: Headers) -> None:
        action = self.responses.get(message.get("ActionID", ""))
        if action is not None and action.take(message):
            del self.responses[action.id]
            action.settle()

    def connection_lost(self, _exc: Exception | None) -> None:
        self.close()

    def drop(self) -> None:
        """End the connection now, without waiting for the peer."""
        self.transport.abort()
        self.close()

    def close(self) -> None:
        """End the connection and fail what is unanswered."""
        if self._lost:
            return
        self._lost = True
        pending, self.responses = self.responses, {}
        for action in pending.values():
            action.fail(AmiUnavailable(f"the connection to Asterisk was lost before it answered {action['Action']}"))
        if not self.banner.done():
            self.banner.set_result(False)
        self.transport.close()
        self.on_lost(self)


def parse(raw: bytes) -> Headers:
    """One message as a dict; a repeated header's values are joined by newlines."""
    headers: Headers = {}
    for line in raw.decode("utf-8", "replace").split("\r\n"):
        key, found, value = line.partition(":")
        if found:
            value = value.removeprefix(" ")
            headers[key] = f"{headers[key]}\n{value}" if key in headers else value
    return headers
