"""One lasting connection to Asterisk's manager interface: log in, hand out events in order, reconnect, never repeat.

The consumer reads `events`, one queue. `{"Event": "Connected"}` comes before the events of each login: what happened
in between is unknown, so resynchronise then. `{"Event": "Disconnected"}` comes after the last event of a connection.
There are no callbacks, so none can fail or overtake another. Overflow of the queue (a consumer that hangs) is logged,
empties it, and reconnects: the consumer finds Disconnected and Connected and resynchronises.

What Asterisk 22.10 really answers (tried by hand): a wrong password gives `Response: Error`, `Message: Authentication
failed`, after one second, and the connection is closed. Items of a list (Status, DeviceStateList, CoreShowChannels)
carry our ActionID but no SystemName; OriginateResponse carries both and comes unsolicited.
"""

import asyncio
from collections.abc import Collection, Iterator, Mapping

import structlog

from hotline.errors import AmiError, AmiRefused, AmiUnavailable
from hotline.telephony.ami_guard import Field, GuardedAction, GuardedProtocol, Headers, check, guarded_action

log = structlog.get_logger()

FIRST_WAIT, LONGEST_WAIT = 0.2, 2.0
DAMAGE_SECONDS = 2.0
"""A connection is not given up for damage more often, so that nobody can keep us from hearing by forging."""
LOGIN_SECONDS = 2.0
"""Together with a wait less than the five seconds after which agents' states must be true again."""
QUEUE_SIZE = 20_000


class AmiClient:
    """Connects as `user`; `start()` and `close()` are a pair.

    `system_name`: drop events not stamped with it. `wanted`: names of the events that are read; others are dropped
    unparsed (better still: keep them away by `eventfilter` in manager.conf).
    """

    def __init__(
        self,
        host: str,
        port: int,
        user: str,
        secret: str,
        *,
        system_name: str | None = None,
        wanted: Collection[str] | None = None,
        ping_seconds: float = 10.0,
        ping_patience: float = 5.0,
        queue_size: int = QUEUE_SIZE,
        first_wait: float = FIRST_WAIT,
    ) -> None:
        self.events: asyncio.Queue[Mapping[str, str]] = asyncio.Queue(queue_size)
        self._host, self._port = host, port
        self._user, self._secret = user, secret
        self._system_name, self._wanted = system_name, wanted
        self._ping_seconds, self._ping_patience = ping_seconds, ping_patience
        self._first_wait = first_wait
        self._connection: GuardedProtocol | None = None
        self._task: asyncio.Task[None] | None = None
        self._lost = asyncio.Event()
        self._damaged_at = -DAMAGE_SECONDS
        self._afresh: asyncio.TimerHandle | None = None

    @property
    def connected(self) -> bool:
        """Logged in just now."""
        return self._connection is not None

    async def start(self, patience: float = 0.0) -> None:
        """Return after the first login.

        AmiRefused: wrong user or password. AmiUnavailable: nobody there, even after trying for `patience` seconds.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience
        for wait in backoff(self._first_wait):
            try:
                await self._log_in()
                break
            except AmiUnavailable:
                if loop.time() + wait > deadline:
                    raise
                await asyncio.sleep(wait)
        self._task = loop.create_task(self._stay())

    async def close(self) -> None:
        """Disconnect for good, also while waiting to reconnect."""
        task, self._task = self._task, None
        self._forget_damage()
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        if self._connection is not None:
            self._connection.close()

    async def action(self, name: str, *, timeout: float = 5.0, **fields: Field) -> list[Headers]:
        """Carry out an action once: its response, then the items of its list and the closing event, if it has one.

        A sequence as a field's value sends the header repeatedly (`Variable=["A=1", "B=2"]`).
        AmiRefused: Asterisk's answer is an error. AmiUnavailable: not connected, connection lost, or no answer within
        `timeout` seconds; Asterisk may still have carried it out. ValueError: line break or NUL, nothing was sent.
        """
        action = guarded_action(name, fields)
        if self._connection is None:
            raise AmiUnavailable(f"not connected to Asterisk, {name} was not sent")
        return await self._answer(self._connection, action, timeout)

    async def _answer(self, connection: GuardedProtocol, action: GuardedAction, timeout: float) -> list[Headers]:
        try:
            async with asyncio.timeout(timeout):
                return await connection.submit(action)
        except TimeoutError:
            raise AmiUnavailable(f"Asterisk did not answer {action['Action']} within {timeout:g} s") from None

    # --- the connection ----------------------------------------------------------------------

    async def _stay(self) -> None:
        """Watch over the connection; reconnect after its loss, for as long as it takes."""
        while True:
            if self._connection is not None:
                await self._watch(self._connection)
            await self._reconnect()

    async def _reconnect(self) -> None:
        for wait in backoff(self._first_wait):
            await asyncio.sleep(wait)
            try:
                await self._log_in()
                break
            except AmiError as error:
                log.warning("no connection to Asterisk's manager interface", why=str(error))

    async def _log_in(self) -> None:
        connection = await self._connect()
        try:
            await self._introduce(connection)
        except TimeoutError:
            connection.drop()
            raise AmiUnavailable(self._nobody()) from None
        except AmiRefused as refused:
            connection.drop()
            raise self._login_refused(str(refused)) from None
        except BaseException:
            connection.drop()
            raise

    async def _introduce(self, connection: GuardedProtocol) -> None:
        """The secret is sent only to a peer that greets as Asterisk does."""
        async with asyncio.timeout(LOGIN_SECONDS):
            greeted = await connection.banner
        if not greeted:
            raise AmiUnavailable(self._nobody())
        fields = {"Username": self._user, "Secret": self._secret, "Events": "on"}
        check("Login", fields)
        await self._answer(connection, _Login(fields, self, connection), LOGIN_SECONDS)

    def _nobody(self) -> str:
        return (
            f"what listens on {self._host}:{self._port} does not greet as Asterisk's manager interface: "
            "is the AMI port right, and is Asterisk fully started?"
        )

    async def _connect(self) -> GuardedProtocol:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(LOGIN_SECONDS):
                _, connection = await loop.create_connection(self._protocol, self._host, self._port)
        except OSError as error:  # TimeoutError is one
            raise AmiUnavailable(
                f"Asterisk's manager interface on {self._host}:{self._port} cannot be reached "
                f"({error.strerror or type(error).__name__}): is Asterisk running?"
            ) from None
        return connection

    def _protocol(self) -> GuardedProtocol:
        return GuardedProtocol(self.on_event, self.on_lost, self._system_name, self._wanted, self.on_damage)

    def _login_refused(self, why: str) -> AmiError:
        if "Authentication failed" not in why:
            return AmiUnavailable(why)  # e.g. "Asterisk is shutting down"
        return AmiRefused(
            f"Asterisk on {self._host}:{self._port} refused the AMI user {self._user!r}: "
            "compare its secret in manager.conf with ours, then reload Asterisk's manager"
        )

    async def _watch(self, connection: GuardedProtocol) -> None:
        """Return when the connection is lost; one that is silent gets a ping, and is dropped without an answer."""
        while not self._lost.is_set():
            try:
                async with asyncio.timeout(self._ping_seconds):  # wait_for of Python 3.11 can swallow close()'s cancel
                    await self._lost.wait()
            except TimeoutError:
                await self._ping(connection)

    async def _ping(self, connection: GuardedProtocol) -> None:
        if connection.heard:
            connection.heard = False
            return
        try:
            await self._answer(connection, guarded_action("Ping", {}), self._ping_patience)
        except AmiError as error:
            log.warning("Asterisk's manager interface went silent", why=str(error))
            connection.drop()

    # --- called by the protocol, in the order of the bytes -------------------------------------

    def on_login(self, connection: GuardedProtocol) -> None:
        self._connection = connection
        self._lost.clear()
        self._announce("Connected")
        log.info("connected to Asterisk's manager interface", version=connection.version)

    def on_lost(self, connection: GuardedProtocol) -> None:
        if connection is self._connection:
            self._connection = None
            self._forget_damage()
            self._lost.set()
            self._announce("Disconnected")
            if self._task is not None:
                log.warning("connection to Asterisk's manager interface lost")

    def on_damage(self, connection: GuardedProtocol) -> None:
        """What came cannot be trusted to be all: another connection, and the whole truth after it. Not too often."""
        if connection is not self._connection or self._afresh is not None:
            return
        loop = asyncio.get_running_loop()
        self._afresh = loop.call_at(self._damaged_at + DAMAGE_SECONDS, self._start_afresh, connection)

    def _forget_damage(self) -> None:
        if self._afresh is not None:
            self._afresh.cancel()
            self._afresh = None

    def _start_afresh(self, connection: GuardedProtocol) -> None:
        self._afresh = None
        if connection is self._connection:
            self._damaged_at = asyncio.get_running_loop().time()
            log.warning("Asterisk's manager interface is out of step: starting afresh")
            connection.drop()

    def on_event(self, event: Headers) -> None:
        if not self.events.full():
            self.events.put_nowait(event)
        elif self._connection is not None:
            log.error("AMI events pile up unread: starting afresh", events=self.events.qsize())
            self._connection.drop()

    def _announce(self, pseudo_event: str) -> None:
        if self.events.full():
            while not self.events.empty():
                self.events.get_nowait()
        self.events.put_nowait({"Event": pseudo_event})


def backoff(first: float = FIRST_WAIT) -> Iterator[float]:
    """Seconds to wait before each attempt: doubling, at most LONGEST_WAIT, without end."""
    wait = first
    while True:
        yield wait
        wait = min(wait * 2, LONGEST_WAIT)


class _Login(GuardedAction):
    """The login takes effect with its response, before the events that may follow in the same TCP segment."""

    def __init__(self, fields: Mapping[str, Field], client: AmiClient, connection: GuardedProtocol) -> None:
        super().__init__("Login", fields)
        self._client = client
        self._login_of = connection

    def settle(self) -> None:
        if self.responses[0].get("Response") == "Success" and not self.future.done():
            self._client.on_login(self._login_of)
        super().settle()
