"""What may pass on an AMI connection, without a network: segments, stamps, lists, line breaks."""

import asyncio

import pytest

from hotline.errors import AmiRefused, AmiUnavailable
from hotline.telephony.ami_guard import (
    MAX_BUFFER,
    GuardedAction,
    GuardedProtocol,
    Headers,
    guarded_action,
    parse,
)
from tests.wire.doubles import error, list_end, list_item, list_start, message, success

GREETING = b"Asterisk Call Manager/11.0.0\r\n"


class Wire(asyncio.Transport):
    """Where the protocol writes; no mock of its behaviour, only the other end of it."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.closed = False

    def write(self, data: bytes) -> None:  # type: ignore[override]
        self.sent += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True


class Line:
    """A connected, greeted protocol with what it handed out."""

    def __init__(self, system_name: str | None = None, wanted: set[str] | None = None) -> None:
        self.events: list[Headers] = []
        self.lost = self.damages = 0
        self.wire = Wire()
        self.protocol = GuardedProtocol(self.events.append, self._on_lost, system_name, wanted, self._on_damage)
        self.protocol.connection_made(self.wire)

    def _on_lost(self, _protocol: GuardedProtocol) -> None:
        self.lost += 1

    def _on_damage(self, _protocol: GuardedProtocol) -> None:
        self.damages += 1

    def greeted(self) -> "Line":
        self.protocol.data_received(GREETING)
        return self

    def submit(self, name: str) -> tuple[GuardedAction, "asyncio.Future[list[Headers]]"]:
        action = guarded_action(name, {})
        return action, self.protocol.submit(action)


UMLAUTS = message(Event="UserEvent", Text="Müller – Ärger €", ChanVariable="A=ß")
TEXT = {"Event": "UserEvent", "Text": "Müller – Ärger €", "ChanVariable": "A=ß"}


@pytest.mark.parametrize("cut", range(len(GREETING + UMLAUTS)))
async def test_character_split_over_two_segments_survives(cut: int) -> None:
    line, stream = Line(), GREETING + UMLAUTS
    line.protocol.data_received(stream[:cut])
    line.protocol.data_received(stream[cut:])
    assert line.events == [TEXT]


async def test_events_fed_byte_by_byte_are_the_same() -> None:
    line = Line()
    for byte in GREETING + UMLAUTS * 2:
        line.protocol.data_received(bytes([byte]))
    assert line.events == [TEXT, TEXT]


async def test_invalid_utf8_is_replaced_and_its_event_kept() -> None:
    line = Line().greeted()
    line.protocol.data_received(b"Event: UserEvent\r\nText: M\xfcller\r\n\r\n")
    assert line.events == [{"Event": "UserEvent", "Text": "M�ller"}]


async def test_repeated_header_is_one_value_with_newlines() -> None:
    raw = b"Event: X\r\nChanVariable: A=1\r\nChanVariable: B=2\r\nEmpty: \r\nBare:\r\nnonsense\r\nTime: 12:30: 1"
    assert parse(raw) == {"Event": "X", "ChanVariable": "A=1\nB=2", "Empty": "", "Bare": "", "Time": "12:30: 1"}


@pytest.mark.parametrize(
    "nonsense",
    [b"\r\n\r\n\r\n\r\n", b"x\r\n\r\n", b"Event\r\n\r\n", b"Response: \r\n\r\n", b"\0\xff\r\n\r\n", b": \r\n\r\n"],
)
async def test_nonsense_between_messages_does_no_harm(nonsense: bytes) -> None:
    line = Line().greeted()
    _, answer = line.submit("Ping")
    line.protocol.data_received(nonsense + message(Event="A") + nonsense + message(Event="B"))
    assert [event["Event"] for event in line.events] == ["A", "B"]
    assert not answer.done()
    assert not line.lost


FORGED = [
    message(Event="Hangup", Channel="PJSIP/victim"),
    message(Event="Hangup", SystemName="guess", Channel="PJSIP/victim"),
    message(Event="Hangup", SystemName="secret2", Channel="PJSIP/victim"),
    message(Event="Hangup", SystemName="", Channel="PJSIP/victim"),
    message(Event="Hangup", XSystemName="secret", Channel="PJSIP/victim"),
    message(Event="Hangup", Channel="SystemName: secret"),
    message(Event="Hangup", ActionID="action/1", Channel="PJSIP/victim"),
]


@pytest.mark.parametrize("forged", FORGED)
async def test_event_without_our_stamp_is_dropped(forged: bytes) -> None:
    line = Line(system_name="secret").greeted()
    line.protocol.data_received(
        forged + message(Event="Hangup", Privilege="call,all", SystemName="secret", Channel="x")
    )
    line.protocol.data_received(message(Event="Hangup", SystemName="secret"))
    assert [event.get("Channel") for event in line.events] == ["x", None]
    assert line.damages == (b"ActionID" not in forged)


WHOLE = message(Event="Newexten", SystemName="secret", Channel="PJSIP/anna-1", Application="Dial")


@pytest.mark.parametrize("gap", [(0, 3), (len(WHOLE) - 3, len(WHOLE) + 9), (20, 40)])
async def test_bytes_that_got_lost_are_noticed(gap: tuple[int, int]) -> None:
    line, stream = Line(system_name="secret").greeted(), WHOLE * 3
    line.protocol.data_received(stream[: gap[0]] + stream[gap[1] :] + WHOLE)
    assert line.damages == 1


async def test_list_of_which_items_got_lost_is_no_answer() -> None:
    line = Line().greeted()
    action, answer = line.submit("Status")
    line.protocol.data_received(list_start(action) + list_item(action, "Status", Channel="a"))
    line.protocol.data_received(list_end(action, "StatusComplete", 2))
    with pytest.raises(AmiUnavailable, match="items are missing"):
        await answer


async def test_rest_of_a_list_that_was_given_up_is_no_damage() -> None:
    line = Line(system_name="secret").greeted()
    line.protocol.data_received(message(Event="CoreShowChannel", ActionID="action/9", Channel="x"))
    line.protocol.data_received(b"\r\n\r\n" + WHOLE)
    assert line.damages == 0


async def test_line_break_in_a_callers_name_forges_neither_event_nor_answer() -> None:
    line = Line(system_name="secret").greeted()
    action, answer = line.submit("Hangup")
    name = f"05\r\n\r\nEvent: Hangup\r\nChannel: v\r\n\r\nResponse: Success\r\nActionID: {action.id[:-1]}x"
    line.protocol.data_received(message(Event="Newchannel", SystemName="secret", CallerIDNum=name, Channel="c"))
    assert [event["Event"] for event in line.events] == ["Newchannel"]
    assert not answer.done()


async def test_event_that_nobody_reads_is_dropped_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(wanted={"Hangup"}).greeted()
    parsed: list[bytes] = []

    def counting(raw: bytes) -> Headers:
        parsed.append(raw)
        return parse(raw)

    monkeypatch.setattr("hotline.telephony.ami_guard.parse", counting)
    line.protocol.data_received(
        message(Event="Newexten") * 3 + message(Event="HangupRequest") + message(Event="Hangup")
    )
    assert parsed == [b"Event: Hangup"]


async def test_list_is_returned_as_a_whole_and_other_events_go_their_way() -> None:
    line = Line(system_name="secret", wanted={"Hangup"}).greeted()
    action, answer = line.submit("Status")
    line.protocol.data_received(
        list_start(action)
        + list_item(action, "Status", Channel="a")
        + message(Event="Hangup", SystemName="secret", Channel="b")
        + list_item(action, "Status", Channel="c")
    )
    assert not answer.done()
    line.protocol.data_received(list_end(action, "StatusComplete", 2))
    assert [item.get("Channel") for item in await answer] == [None, "a", "c", None]
    assert [event["Channel"] for event in line.events] == ["b"]


async def test_two_lists_at_once_are_kept_apart() -> None:
    line = Line().greeted()
    (one, first), (two, second) = line.submit("Status"), line.submit("QueueStatus")
    line.protocol.data_received(
        list_start(one)
        + list_start(two)
        + list_item(two, "QueueMember")
        + list_item(one, "Status")
        + list_end(two, "QueueStatusComplete")
        + list_end(one, "StatusComplete")
    )
    assert [item.get("Event") for item in await first] == [None, "Status", "StatusComplete"]
    assert [item.get("Event") for item in await second] == [None, "QueueMember", "QueueStatusComplete"]


async def test_originate_without_async_does_not_tear_the_connection_down() -> None:
    line = Line().greeted()
    action, answer = line.submit("Originate")
    line.protocol.data_received(success(action, "Originate successfully queued"))
    assert len(await answer) == 1
    assert not line.lost


@pytest.mark.parametrize("early", [True, False])
async def test_originate_response_with_our_id_reaches_the_events(early: bool) -> None:
    line = Line(system_name="secret").greeted()
    action, answer = line.submit("Originate")
    event = list_item(action, "OriginateResponse", SystemName="secret", Response="Failure")
    response = success(action, "Originate successfully queued")
    line.protocol.data_received(event + response if early else response + event)
    assert [item["Response"] for item in await answer] == ["Success"]
    assert [(item["Event"], item["Response"]) for item in line.events] == [("OriginateResponse", "Failure")]


async def test_error_is_raised_with_asterisks_reason() -> None:
    line = Line().greeted()
    action, answer = line.submit("Hangup")
    line.protocol.data_received(error(action, "No such channel"))
    with pytest.raises(AmiRefused, match="refused Hangup: No such channel"):
        await answer


async def test_answer_that_comes_too_late_is_dropped_with_its_list() -> None:
    line = Line().greeted()
    action, answer = line.submit("Status")
    answer.cancel()
    late = list_start(action) + list_item(action, "Status") + list_end(action, "StatusComplete")
    line.protocol.data_received(late + message(Event="A"))
    assert [event["Event"] for event in line.events] == ["A"]


@pytest.mark.parametrize("answered", [b"", "list"])
async def test_what_is_unanswered_or_cut_fails_when_the_connection_is_lost(answered: bytes | str) -> None:
    line = Line().greeted()
    action, answer = line.submit("Status")
    if answered:
        line.protocol.data_received(list_start(action) + list_item(action, "Status"))
    line.protocol.connection_lost(None)
    with pytest.raises(AmiUnavailable, match="before it answered Status"):
        await answer
    with pytest.raises(AmiUnavailable, match="not sent"):
        line.submit("Status")
    assert line.lost == 1


@pytest.mark.parametrize("greeting", [b"220 mail ESMTP\r\n", b"SSH-2.0-x\n", b"Response: Success\r\n\r\n", b"\0"])
async def test_peer_that_does_not_greet_as_asterisk_is_dropped(greeting: bytes) -> None:
    line = Line()
    line.protocol.data_received(greeting)
    assert line.wire.closed
    assert await line.protocol.banner is False


async def test_message_without_end_is_dropped_before_it_fills_the_memory() -> None:
    line = Line().greeted()
    sizes = []
    for size in (MAX_BUFFER, 1):
        line.protocol.data_received(b"x" * size)
        sizes.append(line.lost)
    assert sizes == [0, 1]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("Hangup\r\nAction: Originate", {}),
        ("Hangup", {"Channel": "x\r\n\r\nAction: Originate"}),
        ("Hangup", {"Channel": "x\nAction: Originate"}),
        ("Hangup", {"Channel": "x\r"}),
        ("Hangup", {"Channel": "x\0"}),
        ("Hangup", {"Channel\r\nX": "x"}),
        ("Originate", {"Variable": ["A=1", "B=2\r\nApplication: System"]}),
        ("Hangup", {"ActionID": "chosen"}),
        ("Hangup", {"action": "Originate"}),
        ("Hangup", {"A: b\tC": "x"}),
        ("Hangup", {"Channel": "x" * 1100}),
        ("Hangup", {"Variable": ["A=1"] * 200}),
        ("Hangup", {"Channel": "\ud800"}),
    ],
)
async def test_second_action_cannot_be_smuggled_in(name: str, fields: dict[str, str | list[str]]) -> None:
    with pytest.raises(ValueError, match=r"AMI action|surrogates"):
        guarded_action(name, fields)


async def test_action_is_written_once_with_every_value_of_a_repeated_header() -> None:
    line = Line().greeted()
    action = guarded_action("Originate", {"Variable": ["A=ü", "B=2"], "Timeout": 5000})
    line.protocol.submit(action)
    expected = f"Action: Originate\r\nActionID: {action.id}\r\nTimeout: 5000\r\nVariable: A=ü\r\nVariable: B=2\r\n\r\n"
    assert line.wire.sent == expected.encode()
