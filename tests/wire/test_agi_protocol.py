"""FastAGI bytes, without any socket: every cut, every reply, every limit."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.telephony.agi_protocol import (
    MAX_COMMAND,
    MAX_HEADERS,
    MAX_LINE,
    MAX_USAGE_LINES,
    AgiProtocol,
    Broken,
    Environment,
    Event,
    HangUpSeen,
    Reply,
    command_line,
)
from tests.wire.doubles import environment

SESSION = (
    environment()
    + b"200 result=0\n"
    + b"200 result=1 (a (b) c) endpos=123\n"
    + b"520-Invalid command syntax.  Proper usage follows:\nSend the file\nHANGUP\n520 End of proper usage.\n"
    + "200 result=1 (Müller)\n".encode()
    + b"511 Command Not Permitted on a dead channel or intercept routine\n"
    + b"HANGUP\n"
)
SESSION_EVENTS: list[Event] = [
    Environment({line.split(": ")[0]: line.split(": ")[1] for line in environment().decode().splitlines() if line}),
    Reply(200, 0, "0"),
    Reply(200, 1, "1", "a (b) c", 123),
    Reply(520, text="Invalid command syntax.  Proper usage follows:\nSend the file\nHANGUP"),
    Reply(200, 1, "1", "Müller"),
    Reply(511, text="Command Not Permitted on a dead channel or intercept routine"),
    HangUpSeen(),
]


def read(*pieces: bytes) -> list[Event]:
    protocol = AgiProtocol()
    return [event for piece in pieces for event in protocol.receive(piece)]


def reading_replies(line: bytes) -> list[Event]:
    return read(environment(), line)[1:]


def test_session_fed_byte_by_byte_gives_the_same_events() -> None:
    assert read(*(bytes([byte]) for byte in SESSION)) == SESSION_EVENTS


@pytest.mark.parametrize("cut", range(len(SESSION)))
def test_session_cut_at_every_position_gives_the_same_events(cut: int) -> None:
    assert read(SESSION[:cut], SESSION[cut:]) == SESSION_EVENTS


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"200 result=0", Reply(200, 0, "0")),
        (b"200 result=-1", Reply(200, -1, "-1")),
        (b"200 result=-2", Reply(200, -2, "-2")),
        (b"200 result=-1 endpos=-1", Reply(200, -1, "-1", None, -1)),
        (b"200 result=53 endpos=520", Reply(200, 53, "53", None, 520)),
        (b"200 result=1 (timeout)", Reply(200, 1, "1", "timeout")),
        (b"200 result= (timeout)", Reply(200, 0, "", "timeout")),
        (b"200 result=0123", Reply(200, 123, "0123")),
        (b"200 result=12*", Reply(200, 0, "12*")),
        (b"200 result=1 ()", Reply(200, 1, "1", "")),
        (b"200 result=1 (a (b) c) endpos=123", Reply(200, 1, "1", "a (b) c", 123)),
        (b"200 result=1 (x) endpos=5)", Reply(200, 1, "1", "x) endpos=5")),
        (b'200 result=1 (a "q" b\\s, ${EPOCH})\r', Reply(200, 1, "1", 'a "q" b\\s, ${EPOCH}')),
        (b"510 Invalid or unknown command", Reply(510, text="Invalid or unknown command")),
        (
            b"520 Invalid command syntax.  Proper usage not available.",
            Reply(520, text="Invalid command syntax.  Proper usage not available."),
        ),
    ],
)
def test_reply_is_taken_apart(line: bytes, reply: Reply) -> None:
    assert reading_replies(line + b"\n") == [reply]


def test_trying_is_not_yet_the_answer() -> None:
    assert reading_replies(b"100 Trying...\n100 result=0 Trying...\n200 result=0\n") == [Reply(200, 0, "0")]


def test_invalid_utf8_is_replaced_not_refused() -> None:
    assert reading_replies(b"200 result=1 (M\xfcller)\n") == [Reply(200, 1, "1", "M�ller")]


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\n",
        b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\n",
        b"agi_network\n",
        b"HANGUP\n",
        b"200 result=0\n",
        environment({"agi_channel": "x"})[:-1] + b"agi_channel: PJSIP/victim\n",
    ],
)
def test_peer_that_does_not_begin_as_asterisk_does_is_broken(garbage: bytes) -> None:
    assert isinstance(read(garbage)[-1], Broken)


@pytest.mark.parametrize(
    "line", [b"", b"hello", b"20 result=0", b"200", b"200 result", b"200 result=1 (open", b"200 result=1 trailing"]
)
def test_line_that_is_no_reply_is_broken(line: bytes) -> None:
    assert reading_replies(line + b"\n") == [Broken("not an AGI reply")]


def test_blank_line_forged_into_a_header_breaks_the_session() -> None:
    forged = environment()[:-1] + b"agi_callerid: 05\r\n\r\nagi_arg_1: evil\nagi_dnid: 1\n\n"
    assert isinstance(read(forged)[-1], Broken)


def test_nothing_is_read_after_the_peer_is_broken() -> None:
    protocol = AgiProtocol()
    assert [type(event) for event in protocol.receive(b"garbage\n" + SESSION)] == [Broken]
    assert protocol.receive(SESSION) == []


def test_line_at_the_limit_is_read_and_one_byte_more_is_broken() -> None:
    filler = MAX_LINE - len(b"200 result=1 ()")
    assert reading_replies(b"200 result=1 (" + b"x" * filler + b")\n") == [Reply(200, 1, "1", "x" * filler)]
    assert reading_replies(b"200 result=1 (" + b"x" * (filler + 1) + b")\n") == [Broken("a line is too long")]


def test_line_that_never_ends_is_broken_before_it_fills_the_memory() -> None:
    assert read(b"a" * MAX_LINE) == []
    assert read(b"a" * MAX_LINE, b"a") == [Broken("a line is too long")]


def test_header_count_is_limited() -> None:
    headers = {f"agi_arg_{number}": "x" for number in range(MAX_HEADERS)}
    assert read(environment(headers)) == [Environment(headers)]
    assert read(environment({**headers, "agi_more": "x"})) == [Broken("too many headers")]


def test_usage_text_without_end_is_broken() -> None:
    assert reading_replies(b"520-Usage:\n" + b"text\n" * MAX_USAGE_LINES)[-1] == Broken("a usage text without end")


@given(st.binary(max_size=300), st.lists(st.integers(0, 500), max_size=5))
def test_no_bytes_in_no_segmentation_raise_or_differ(garbage: bytes, cuts: list[int]) -> None:
    for stream in (garbage, environment() + garbage):
        places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
        pieces = [stream[start:end] for start, end in pairwise(places)]
        assert read(*pieces) == read(stream)


def words_as_asterisk_reads_them(line: bytes) -> list[str]:
    """Written after the rules of parse_args in Asterisk's res_agi.c, independently of command_line."""
    words: list[bytearray] = []
    quoted = escaped = False
    between_words = True
    for byte in line.removesuffix(b"\n"):
        char = chr(byte)
        if char == '"' and not escaped:
            quoted = not quoted
            if quoted and between_words:
                words.append(bytearray())
                between_words = False
        elif char in " \t" and not quoted and not escaped:
            between_words = True
        elif char == "\\" and not escaped:
            escaped = True
        else:
            if between_words:
                words.append(bytearray())
                between_words = False
            words[-1].append(byte)
            escaped = False
    return [word.decode() for word in words]


@given(st.lists(st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"])), min_size=1, max_size=9))
def test_words_arrive_in_asterisk_as_they_were(words: list[str]) -> None:
    try:
        line = command_line(tuple(words))
    except ValueError:
        assert sum(len(word.encode()) * 2 + 3 for word in words) > MAX_COMMAND
        return
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert words_as_asterisk_reads_them(line) == words


def test_command_is_quoted_only_where_needed() -> None:
    line = command_line(("SET", "VARIABLE", "X", 'a "q" \\ ö', ""))
    assert line == 'SET VARIABLE X "a \\"q\\" \\\\ ö" ""\n'.encode()


@pytest.mark.parametrize("evil", ["a\nEXEC System x", "a\rb", "a\0b", "\n"])
def test_line_break_or_nul_in_a_word_is_refused(evil: str) -> None:
    with pytest.raises(ValueError, match="line break or NUL"):
        command_line(("SET", "VARIABLE", "X", evil))


def test_command_that_asterisk_would_cut_in_two_is_refused() -> None:
    longest = MAX_COMMAND - len(b"NOOP \n")
    assert len(command_line(("NOOP", "x" * longest))) == MAX_COMMAND
    with pytest.raises(ValueError, match="longer than"):
        command_line(("NOOP", "x" * (longest + 1)))


@pytest.mark.parametrize("words", [(), ("x",) * 101])
def test_command_without_words_or_with_too_many_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="words"):
        command_line(words)


def test_lone_surrogate_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        command_line(("NOOP", "\ud800"))
