"""What the service can ask of one caller's channel: answer, play, wait for a key, music, dial, hang up.

What Asterisk 22.10 really answers (tried by hand, Local channels):

- A caller's hang-up or an AMI Redirect during CONTROL STREAM FILE, WAIT FOR DIGIT or EXEC gives `200 result=-1`,
  then the line `HANGUP`; a Redirect of a bridged caller may give `result=0` and HANGUP. Afterwards WAIT FOR DIGIT
  answers 511, while NOOP, GET/SET VARIABLE and even EXEC NoOp still answer 200.
- CONTROL STREAM FILE of a missing file gives `200 result=-1 endpos=-1` too, without HANGUP; at the end of the file
  `result=0 endpos=-1`; ended by AMI `ControlPlayback stop` `result=0 endpos=<ms>`, 0.1 ms after AMI's `Success`.
  Keys that are not in `escape` are lost while it plays. Empty ff/rew keys mean the defaults `#` and `*`, which then
  never reach us: so we name keys no telephone has.
- AMI `PlayDTMF` with `Receive: true` ends WAIT FOR DIGIT within 1 ms (`result=68` for D), and a prompt if the key is
  in `escape`. Music goes on during WAIT FOR DIGIT; CONTROL STREAM FILE and EXEC Dial end it for good.
- WAIT FOR DIGIT ends with `result=1` in the moment another command comes, whose answer follows. That needs no AMI, is
  no tone in the channel, and works when the system clock was set back, after which PlayDTMF can stay stuck for good.
- Of two commands that arrive in one go the second is not looked at before something else arrives.
- EXEC of an unknown application: `200 result=-2`. EXEC Dial that reaches nobody: `result=0` and DIALSTATUS.
- A command line longer than Asterisk's buffer (8192 bytes) is cut, and its rest is run as a second command.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from hotline.errors import AgiClosed, AgiRefused, CallerGone
from hotline.telephony.agi_protocol import Broken, Event, HangUpSeen, Reply, command_line

log = structlog.get_logger()

REPLY_SECONDS = 5.0
"""How long a command that should answer at once may take."""
HANG_UP_FOLLOWS = 0.5
"""How long to wait for HANGUP after `result=-1`: hang-up and failure look the same until it comes."""
UNREAD_SECONDS = 0.3
"""How long to wait for the answer to an interruption; then the next command brings it."""
_NO_KEY = "z"
INTERRUPTED = "\x01"
"""Instead of a key: `interrupt` has ended the waiting."""
_MINUS_ONE_IS_AN_ANSWER = {"HANGUP", "CHANNEL"}  # "no such channel"


class AgiSession:
    """One AGI session. It ends by HANGUP or EOF; the call outlives it (only AMI `Hangup` ends a call).

    One command at a time. Never cancel a command: its answer would be taken for that of the next one, so a session
    whose command is cancelled or runs out of time is closed and unusable (AgiClosed). Interrupt from outside
    instead: `interrupt`, and AMI `ControlPlayback stop`.

    Errors of every command: CallerGone (HANGUP was seen, 511, or `result=-1` that meant it), AgiClosed (connection
    ended), AgiRefused (510, 520, failed in Asterisk), ValueError (line break, NUL or too long: nothing was sent).
    A reply that arrived before HANGUP is still returned; the next command raises CallerGone.
    """

    def __init__(self, environment: dict[str, str], write: Callable[[bytes], None], close: Callable[[], None]) -> None:
        self.environment = environment
        self.hung_up = False
        self.over = asyncio.Event()
        """Set as soon as HANGUP or the end of the connection is seen."""
        self.busy_with = ""
        """The method whose command is in flight: "play", "wait_for_digit", "execute", …; "" when idle."""
        self._write = write
        self._close = close
        self._closed = ""
        self._answer: asyncio.Future[Reply] | None = None
        self._interruptions = self._unread = 0
        """Commands sent into WAIT FOR DIGIT, and answers to such that are still to come."""
        self._read_up = asyncio.Event()

    # --- commands ----------------------------------------------------------------------------

    async def answer(self) -> None:
        """Pick up; takes up to 0.5 s while no RTP arrives."""
        await self._do("answer", ("ANSWER",))

    async def play(self, prompt: str, escape: str = "") -> str:
        """Play a file (path without ending) to its end; the key of `escape` that stopped it, or ""."""
        words = ("CONTROL STREAM FILE", prompt, escape, "3000", _NO_KEY, _NO_KEY, _NO_KEY)
        return _key(await self._do("play", words, timeout=None))

    async def wait_for_digit(self, seconds: float) -> str:
        """The next key (also A to D), "" after that time, or INTERRUPTED."""
        words = ("WAIT FOR DIGIT", str(max(0, round(seconds * 1000))))
        return _key(await self._do("wait_for_digit", words, timeout=max(0.0, seconds) + REPLY_SECONDS))

    def interrupt(self) -> None:
        """End `wait_for_digit` at once; nothing happens while anything else goes on."""
        if self.busy_with == "wait_for_digit" and self._answer is not None and not self._answer.done():
            self._interruptions += 1
            self._write(command_line(("NOOP",)))

    async def music(self, on: bool, kind: str = "default") -> None:
        """Music on hold, while the session is idle or waits for a digit."""
        await self._do("music", ("SET MUSIC", "ON", kind) if on else ("SET MUSIC", "OFF"))

    async def get_variable(self, name: str) -> str | None:
        reply = await self._do("get_variable", ("GET VARIABLE", name))
        return reply.data if reply.result == 1 else None

    async def set_variable(self, name: str, value: str) -> None:
        await self._do("set_variable", ("SET VARIABLE", name, value))

    async def execute(self, app: str, *args: str) -> Reply:
        """Run a dialplan application, without a time limit; the arguments are joined by commas, as in a dialplan."""
        return await self._do("execute", ("EXEC", app, ",".join(args)), timeout=None)

    async def hang_up(self) -> None:
        """End the caller's channel; one already gone is fine."""
        try:
            await self._do("hang_up", ("HANGUP",))
        except (CallerGone, AgiClosed):
            log.debug("the caller was faster with hanging up")

    async def command(self, *words: str, timeout: float | None = REPLY_SECONDS) -> Reply:
        """Any AGI command, one argument per word (the command's own name may be one: "WAIT FOR DIGIT")."""
        return await self._do("command", words, timeout)

    def close(self) -> None:
        """Close the connection: Asterisk goes on in the dialplan at once."""
        self.end("the session was closed")
        self._close()

    # --- one command -------------------------------------------------------------------------

    async def _do(self, method: str, words: tuple[str, ...], timeout: float | None = REPLY_SECONDS) -> Reply:
        name, *arguments = words or ("",)
        line = command_line((*name.split(), *arguments))
        self._check_usable()
        self._answer = asyncio.get_running_loop().create_future()
        try:
            await self._read_answers()
            self.busy_with = method
            self._write(line)
            async with asyncio.timeout(timeout):
                reply = await self._answer
        except TimeoutError:
            self.close()
            raise AgiClosed(f"Asterisk did not answer {name} within {timeout:g} s; the session was closed") from None
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            self.busy_with, self._answer = "", None
        return await self._judged(words, reply)

    async def _read_answers(self) -> None:
        """One command after the other, as far as possible: what comes in one go is not seen by Asterisk at once."""
        if self._unread:
            self._read_up.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(UNREAD_SECONDS):
                    await self._read_up.wait()

    def _check_usable(self) -> None:
        if self._answer is not None:
            raise RuntimeError("an AGI session takes one command at a time")
        if self.hung_up:
            raise CallerGone("the caller is gone from this session")
        if self._closed:
            raise AgiClosed(f"the AGI connection is over: {self._closed}")

    async def _judged(self, words: tuple[str, ...], reply: Reply) -> Reply:
        name = " ".join(words[:2]) if words[0] == "EXEC" else words[0]
        if reply.code == 511:
            raise CallerGone(f"the caller was gone before {name}")
        if reply.code != 200:
            raise AgiRefused(f"Asterisk refused {name}: {reply.code} {reply.text.partition(chr(10))[0]}")
        if reply.result == -2 and words[0] == "EXEC":
            raise AgiRefused(f"Asterisk has no application for {name}: load the module that brings it")
        if reply.result == -1 and words[0].split()[0] not in _MINUS_ONE_IS_AN_ANSWER:
            await self._gone_or_failed(name)
        return reply

    async def _gone_or_failed(self, name: str) -> None:
        """`result=-1`: the HANGUP line that tells a hang-up from a failure comes after it. Always raises."""
        if name != "WAIT FOR DIGIT":  # cannot fail otherwise
            try:
                async with asyncio.timeout(HANG_UP_FOLLOWS):
                    await self.over.wait()
            except TimeoutError:
                raise AgiRefused(f"{name} failed in Asterisk although the caller is there; see its log") from None
        raise CallerGone(f"the caller left during {name}")

    # --- what the connection tells -----------------------------------------------------------

    def feed(self, event: Event) -> None:
        """Take the next event of the protocol (for the connection, not for the call's program)."""
        match event:
            case Reply() if self._unread:
                self._unread -= 1
                if not self._unread:
                    self._read_up.set()
            case Reply() if self._answer is not None and not self._answer.done():
                self._answer.set_result(event)
                self._unread, self._interruptions = self._interruptions, 0
            case HangUpSeen():
                self.hung_up = True
                self._stop(CallerGone("the caller left"))
            case Broken():
                self._out_of_step(event.why)
            case _ if not self.hung_up:  # after HANGUP the answer of the command that met it may still come
                self._out_of_step("an answer that nobody asked for")

    def end(self, why: str) -> None:
        """The connection is over; a command in flight fails with AgiClosed."""
        self._closed = self._closed or why
        self._stop(AgiClosed(f"the AGI connection ended: {why}"))

    def _out_of_step(self, why: str) -> None:
        log.warning("AGI session closed: its peer is out of step", why=why)
        self.end(why)
        self._close()

    def _stop(self, error: CallerGone | AgiClosed) -> None:
        self.over.set()
        self._read_up.set()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)


def _key(reply: Reply) -> str:
    return chr(reply.result) if reply.result > 0 else ""
