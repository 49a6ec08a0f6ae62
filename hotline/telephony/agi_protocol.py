"""What the bytes of one FastAGI connection mean: environment, replies, HANGUP lines; without any I/O.

States: HEADERS (lines `agi_…: value`, ended by a blank line), REPLIES (one line each), USAGE (the text between
`520-…` and `520 End …`), BROKEN (nothing more is read). Feed bytes, get events; the last event of a peer that does
not speak AGI is Broken, after which the connection can only be closed.

Decoding is lenient: invalid UTF-8 becomes U+FFFD ("replace", not surrogates: what is decoded here goes on into
JSON, a database and a mail, none of which takes surrogates).

What a caller can forge is refused: a blank line or a second `agi_…` header smuggled in through a SIP header
ends the session instead of being believed (Asterisk sends each header once).
"""

import re
from dataclasses import dataclass, field
from enum import Enum, auto

MAX_HEADERS = 100
MAX_LINE = 8192
MAX_USAGE_LINES = 400
MAX_COMMAND = 2000  # bytes; Asterisk runs what exceeds its buffer (8192 in 22, 2048 in old ones) as a second command
MAX_WORDS = 100  # Asterisk keeps 127 words and drops the rest

_RESULT = re.compile(r"200 result=(\S*)(?: \((.*)\))?(?: endpos=(-?[0-9]{1,18}))?")
_ERROR = re.compile(r"([3-9][0-9][0-9]) (.*)")
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_./:@+*#&=-]+")
_FORBIDDEN = re.compile("[\r\n\0]")


class _ProtocolError(Exception):
    """The peer does not speak AGI, or sends more than we accept."""


@dataclass(frozen=True, slots=True)
class Environment:
    """All headers have arrived; the keys begin with `agi_`."""

    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one command, `200 result=1 (data) endpos=123` in parts.

    `result` is 0 where Asterisk wrote no whole number; `value` is the text as written (digits keep their zeros).
    `data` is the text in brackets, None without brackets. `text` is the explanation of an error (510, 511, 520).
    """

    code: int
    result: int = 0
    value: str = ""
    data: str | None = None
    endpos: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class HangUpSeen:
    """The line HANGUP: this session is over (the call need not be)."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The peer does not speak AGI, or sends more than we accept; `why` holds nothing that it sent."""

    why: str


Event = Environment | Reply | HangUpSeen | Broken


class _State(Enum):
    HEADERS = auto()
    REPLIES = auto()
    USAGE = auto()
    BROKEN = auto()


@dataclass(slots=True)
class AgiProtocol:
    """One connection's reader. `receive(data)` returns the events that `data` completes, in their order."""

    _state: _State = _State.HEADERS
    _buffer: bytes = b""
    _headers: dict[str, str] = field(default_factory=dict)
    _usage: list[str] = field(default_factory=list)

    def receive(self, data: bytes) -> list[Event]:
        if self._state is _State.BROKEN:
            return []
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        events: list[Event] = []
        try:
            for line in lines:
                event = self._line(_text(line))
                if event is not None:
                    events.append(event)
            _within_limit(self._buffer)
        except _ProtocolError as violation:
            self._state, self._buffer = _State.BROKEN, b""
            events.append(Broken(str(violation)))
        return events

    def _line(self, line: str) -> Event | None:
        match self._state:
            case _State.HEADERS:
                return self._header(line)
            case _State.USAGE:
                return self._usage_line(line)
        if line == "HANGUP":
            return HangUpSeen()
        if line.startswith("520-"):
            self._state, self._usage = _State.USAGE, [line[4:].strip()]
            return None
        return None if line.startswith("100 ") else _parse_reply(line)  # 100 Trying: the real answer follows

    def _header(self, line: str) -> Environment | None:
        if not line:
            if not self._headers:
                raise _ProtocolError("no environment")
            self._state = _State.REPLIES
            return Environment(self._headers)
        key, colon, value = line.partition(":")
        if not colon or not key.startswith("agi_"):
            raise _ProtocolError("not an AGI header")
        if key in self._headers:
            raise _ProtocolError("a header came twice")
        if len(self._headers) >= MAX_HEADERS:
            raise _ProtocolError("too many headers")
        self._headers[key] = value.removeprefix(" ")
        return None

    def _usage_line(self, line: str) -> Reply | None:
        if line.startswith("520 "):
            self._state = _State.REPLIES
            return Reply(520, text="\n".join(self._usage))
        if len(self._usage) >= MAX_USAGE_LINES:
            raise _ProtocolError("a usage text without end")
        self._usage.append(line)
        return None


def _within_limit(line: bytes) -> bytes:
    if len(line) > MAX_LINE:
        raise _ProtocolError("a line is too long")
    return line


def _text(line: bytes) -> str:
    return _within_limit(line).removesuffix(b"\r").decode("utf-8", "replace")


def _parse_reply(line: str) -> Reply:
    if match := _RESULT.fullmatch(line):
        value, data, endpos = match.groups()
        return Reply(200, _whole_number(value), value, data, None if endpos is None else int(endpos))
    if match := _ERROR.fullmatch(line):
        return Reply(int(match[1]), text=match[2])
    raise _ProtocolError("not an AGI reply")


def _whole_number(value: str) -> int:
    return int(value) if re.fullmatch(r"-?[0-9]{1,18}", value) else 0


def command_line(words: tuple[str, ...]) -> bytes:
    """The line for one command: words quoted where Asterisk needs it, `\\` and `"` escaped (its parse_args rules).

    ValueError for CR, LF or NUL (a second command could hide behind them) and for what Asterisk would cut off.
    """
    if not words or len(words) > MAX_WORDS:
        raise ValueError(f"an AGI command has 1 to {MAX_WORDS} words, not {len(words)}")
    line = " ".join(map(_quoted, words)).encode("utf-8") + b"\n"
    if len(line) > MAX_COMMAND:
        raise ValueError(f"an AGI command of {len(line)} bytes is longer than {MAX_COMMAND}: Asterisk would cut it")
    return line


def _quoted(word: str) -> str:
    if _FORBIDDEN.search(word):
        raise ValueError("an AGI word must not hold a line break or NUL")
    if _PLAIN_WORD.fullmatch(word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
