"""The lasting AMI connection against a real TCP double: login, gaps, silence, overflow, and nothing sent twice."""

import asyncio
import logging
from collections.abc import AsyncIterator
from itertools import islice
from typing import Any

import pytest
from structlog.testing import capture_logs

from hotline.errors import AmiRefused, AmiUnavailable
from hotline.telephony.ami import AmiClient, backoff
from tests.wire.doubles import (
    SECRET,
    Action,
    AmiDouble,
    error,
    eventually,
    list_end,
    list_item,
    list_start,
    message,
    success,
)


@pytest.fixture
async def asterisk() -> AsyncIterator[AmiDouble]:
    double = AmiDouble()
    await double.start()
    yield double
    await double.close()


def client_of(asterisk: AmiDouble, **options: Any) -> AmiClient:
    secret = options.pop("secret", SECRET)
    return AmiClient("127.0.0.1", asterisk.port, "hotline", secret, **{"first_wait": 0.001, **options})


@pytest.fixture
async def ami(asterisk: AmiDouble) -> AsyncIterator[AmiClient]:
    client = client_of(asterisk)
    await client.start()
    yield client
    await client.close()


async def names(client: AmiClient, count: int) -> list[str]:
    async with asyncio.timeout(10):
        return [(await client.events.get())["Event"] for _ in range(count)]


def silence(_action: Action) -> None:
    return None


# --- login ---------------------------------------------------------------------------------------


async def test_connected_comes_before_events_in_the_segment_of_the_login(asterisk: AmiDouble) -> None:
    asterisk.with_login = message(Event="FullyBooted") + message(Event="Newchannel")
    client = client_of(asterisk)
    await client.start()
    assert client.connected
    assert await names(client, 3) == ["Connected", "FullyBooted", "Newchannel"]
    await client.close()
    assert not client.connected


async def test_wrong_password_is_refused_once_and_says_what_to_do(asterisk: AmiDouble) -> None:
    client = client_of(asterisk, secret="falsch-0815")
    with pytest.raises(AmiRefused, match="refused the AMI user 'hotline': compare its secret") as refused:
        await client.start(patience=5)
    assert "falsch-0815" not in str(refused.value)
    assert (asterisk.logins, asterisk.connections) == (1, 1)
    assert client.events.empty()
    await client.close()


async def test_nobody_there_is_one_plain_sentence(asterisk: AmiDouble) -> None:
    await asterisk.close()
    with pytest.raises(AmiUnavailable, match=rf"127.0.0.1:{asterisk.port} cannot be reached .* is Asterisk running"):
        await client_of(asterisk).start()


async def test_start_with_patience_waits_for_an_asterisk_that_starts_later(asterisk: AmiDouble) -> None:
    await asterisk.close()
    client = client_of(asterisk)
    with capture_logs():
        starting = asyncio.create_task(client.start(patience=10))
        await asterisk.start()
        await starting
    assert client.connected
    await client.close()


async def test_asterisk_that_shuts_down_at_login_is_unavailable_not_refusing(asterisk: AmiDouble) -> None:
    asterisk.answers["Login"] = lambda action: error(action, "Asterisk is shutting down")
    with pytest.raises(AmiUnavailable, match="shutting down"):
        await client_of(asterisk).start()


@pytest.mark.parametrize("greeting", [b"220 mail.example ESMTP\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
async def test_secret_is_not_sent_to_something_that_is_not_asterisk(asterisk: AmiDouble, greeting: bytes) -> None:
    asterisk.greeting = greeting
    with pytest.raises(AmiUnavailable, match="does not greet as Asterisk"):
        await client_of(asterisk).start()
    assert asterisk.heard == b""


async def test_silent_peer_at_login_is_unavailable(asterisk: AmiDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hotline.telephony.ami.LOGIN_SECONDS", 0.05)
    asterisk.greeting = b""
    with pytest.raises(AmiUnavailable, match="does not greet"):
        await client_of(asterisk).start()
    asterisk.greeting = b"Asterisk Call Manager/11.0.0\r\n"
    asterisk.answers["Login"] = silence
    with pytest.raises(AmiUnavailable, match="did not answer Login"):
        await client_of(asterisk).start()


async def test_line_break_in_the_secret_is_refused(asterisk: AmiDouble) -> None:
    with pytest.raises(ValueError, match="line break"):
        await client_of(asterisk, secret="x\r\nEvents: off").start()
    assert asterisk.logins == 0


# --- actions -------------------------------------------------------------------------------------


async def test_action_is_answered(ami: AmiClient, asterisk: AmiDouble) -> None:
    (answer,) = await ami.action("Setvar", Channel="PJSIP/a-1", Variable="X", Value="ü")
    assert answer["Response"] == "Success"
    assert (await asterisk.action("Setvar"))["Value"] == "ü"


async def test_refused_action_leaves_the_connection_alone(ami: AmiClient, asterisk: AmiDouble) -> None:
    asterisk.answers["Hangup"] = lambda action: error(action, "No such channel")
    with pytest.raises(AmiRefused, match="No such channel"):
        await ami.action("Hangup", Channel="nix")
    assert await ami.action("Ping")
    assert asterisk.connections == 1


async def test_line_break_is_refused_and_nothing_is_sent(ami: AmiClient, asterisk: AmiDouble) -> None:
    heard = asterisk.heard
    with pytest.raises(ValueError, match="line break"):
        await ami.action("Hangup", Channel="x\r\n\r\nAction: Originate")
    await ami.action("Ping")
    assert asterisk.heard[len(heard) :].startswith(b"Action: Ping\r\n")


async def test_action_without_an_answer_ends_in_time_and_its_late_answer_is_dropped(
    ami: AmiClient, asterisk: AmiDouble
) -> None:
    asterisk.answers["Status"] = silence
    with pytest.raises(AmiUnavailable, match=r"did not answer Status within 0\.01 s"):
        await ami.action("Status", timeout=0.01)
    late = await asterisk.action("Status")
    asterisk.send(list_start(late) + list_item(late, "Status") + list_end(late, "StatusComplete"))
    asterisk.event("Newchannel")
    assert await names(ami, 2) == ["Connected", "Newchannel"]


async def test_action_while_disconnected_fails_at_once(asterisk: AmiDouble) -> None:
    with pytest.raises(AmiUnavailable, match="not connected"):
        await client_of(asterisk).action("Ping")


async def test_unanswered_originate_fails_and_is_never_sent_again(ami: AmiClient, asterisk: AmiDouble) -> None:
    asterisk.answers["Originate"] = silence
    calling = asyncio.create_task(ami.action("Originate", Channel="PJSIP/citizen"))
    await asterisk.action("Originate")
    await asterisk.drop()
    with pytest.raises(AmiUnavailable, match="lost before it answered Originate"):
        await calling
    assert await names(ami, 3) == ["Connected", "Disconnected", "Connected"]
    asterisk.event("FullyBooted")  # panoramisk's signal to send what was unanswered
    assert await names(ami, 1) == ["FullyBooted"]
    await ami.action("Ping")
    assert [action["Action"] for action in asterisk.received] == ["Originate", "Ping"]


async def test_list_cut_by_a_drop_fails(ami: AmiClient, asterisk: AmiDouble) -> None:
    asterisk.answers["Status"] = lambda action: list_start(action) + list_item(action, "Status")
    asking = asyncio.create_task(ami.action("Status"))
    await asterisk.action("Status")
    await asterisk.drop()
    with pytest.raises(AmiUnavailable):
        await asking


# --- events --------------------------------------------------------------------------------------


async def test_failure_of_the_consumer_loses_neither_events_nor_the_connection(
    ami: AmiClient, asterisk: AmiDouble
) -> None:
    async def consume() -> None:
        await ami.events.get()
        raise RuntimeError("a bug in the consumer")

    with pytest.raises(RuntimeError):
        await consume()
    asterisk.send(message(Event="A") + message(Event="B") + message(Event="C"))
    assert await names(ami, 3) == ["A", "B", "C"]
    assert await ami.action("Ping")
    assert asterisk.connections == 1


async def test_many_events_come_in_order(ami: AmiClient, asterisk: AmiDouble) -> None:
    for number in range(500):
        asterisk.event(str(number))
    assert await names(ami, 501) == ["Connected", *map(str, range(500))]


async def test_consumer_can_resynchronise_at_connected(asterisk: AmiDouble) -> None:
    client = client_of(asterisk)
    found: list[str] = []

    async def consume() -> None:
        while True:
            if (await client.events.get())["Event"] == "Connected":
                found.append((await client.action("CoreShowChannels"))[0]["Response"])

    consumer = asyncio.create_task(consume())
    await client.start()
    await eventually(lambda: len(found) == 1)
    await asterisk.drop()
    await eventually(lambda: len(found) == 2)
    assert found == ["Success", "Success"]
    consumer.cancel()
    await client.close()


async def test_forged_event_does_not_reach_the_queue(asterisk: AmiDouble) -> None:
    client = client_of(asterisk, system_name="stempel-1")
    await client.start()
    asterisk.event("Hangup", Channel="victim")
    assert await names(client, 3) == ["Connected", "Disconnected", "Connected"]  # the whole truth is read again
    asterisk.event("Hangup", SystemName="stempel-1", Channel="real")
    assert (await client.events.get())["Channel"] == "real"
    await client.close()


async def test_queue_that_overflows_is_emptied_and_the_consumer_is_told_to_resynchronise(asterisk: AmiDouble) -> None:
    client = client_of(asterisk, queue_size=5)
    with capture_logs() as logs:
        await client.start()
        asterisk.send(message(Event="Newchannel", Channel="PJSIP/x") * 50)
        await eventually(lambda: asterisk.logins == 2 and client.connected)
    assert "Connected" in await names(client, client.events.qsize())
    asterisk.event("Hangup")
    assert await names(client, 1) == ["Hangup"]
    assert [entry["log_level"] for entry in logs if "pile up" in entry["event"]] == ["error"]
    assert "PJSIP/x" not in str(logs)
    await client.close()


# --- gaps ----------------------------------------------------------------------------------------


async def test_connection_is_regained_after_asterisk_was_away(ami: AmiClient, asterisk: AmiDouble) -> None:
    with capture_logs() as logs:
        await asterisk.close()
        await eventually(lambda: any("no connection" in entry["event"] for entry in logs))
        assert not ami.connected
        await asterisk.start()
        assert await names(ami, 3) == ["Connected", "Disconnected", "Connected"]
    assert await ami.action("Ping")


async def test_silent_peer_is_noticed_by_ping(asterisk: AmiDouble) -> None:
    client = client_of(asterisk, ping_seconds=0.01, ping_patience=0.05)
    await client.start()
    asterisk.silent = True
    with capture_logs():
        await eventually(lambda: not client.connected)
        asterisk.silent = False
        await eventually(lambda: asterisk.logins >= 2 and client.connected)
    await client.close()
    assert asterisk.actions("Ping")


async def test_quiet_but_living_peer_keeps_its_connection(asterisk: AmiDouble) -> None:
    client = client_of(asterisk, ping_seconds=0.01)
    await client.start()
    await eventually(lambda: len(asterisk.actions("Ping")) >= 5)
    assert asterisk.connections == 1
    await client.close()


async def test_close_during_the_wait_to_reconnect_really_closes(asterisk: AmiDouble) -> None:
    before = asyncio.all_tasks()
    client = client_of(asterisk, first_wait=3600)
    await client.start()
    await asterisk.drop()
    assert await names(client, 2) == ["Connected", "Disconnected"]
    await client.close()
    await eventually(lambda: asyncio.all_tasks() == before)
    assert asterisk.connections == 1
    await client.close()  # twice does no harm


async def test_close_says_nothing_of_a_lost_connection(asterisk: AmiDouble) -> None:
    client = client_of(asterisk)
    with capture_logs() as logs:
        await client.start()
        await client.close()
    assert [entry["log_level"] for entry in logs] == ["info"]


async def test_secret_changed_while_asterisk_was_away_is_said_and_tried_again(
    ami: AmiClient, asterisk: AmiDouble
) -> None:
    asterisk.secret = "anderes"
    with capture_logs() as logs:
        await asterisk.drop()
        await eventually(lambda: asterisk.logins >= 3)
        asterisk.secret = SECRET
        await eventually(lambda: ami.connected)
    assert any("refused the AMI user" in entry.get("why", "") for entry in logs)


async def test_no_log_holds_the_secret(asterisk: AmiDouble, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = client_of(asterisk)
    with capture_logs() as logs:
        await client.start()
        asterisk.secret = "anderes"
        await asterisk.drop()
        await eventually(lambda: any("refused" in entry.get("why", "") for entry in logs))
        asterisk.answers["Login"] = success
        await eventually(lambda: client.connected)
        await client.close()
    assert SECRET in asterisk.heard.decode()
    assert SECRET not in str(logs) + caplog.text


def test_wait_between_attempts_doubles_up_to_five_seconds() -> None:
    assert list(islice(backoff(), 7)) == [0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 2.0]


async def test_damaged_connection_is_made_anew_but_not_again_and_again(asterisk: AmiDouble) -> None:
    client = client_of(asterisk, system_name="stempel-1")
    with capture_logs() as logs:
        await client.start()
        asterisk.send(b"tHangup\r\nChannel: victim\r\n\r\n")
        assert await names(client, 3) == ["Connected", "Disconnected", "Connected"]
        asterisk.send(b"tHangup\r\nChannel: victim\r\n\r\n")
        asterisk.event("Hangup", SystemName="stempel-1", Channel="real")
        assert (await client.events.get())["Channel"] == "real"
    assert asterisk.logins == 2
    assert [entry["log_level"] for entry in logs if "out of step" in entry["event"]] == ["warning"]
    assert "victim" not in str(logs)
    await client.close()


async def test_damage_soon_after_damage_is_not_forgotten(asterisk: AmiDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hotline.telephony.ami.DAMAGE_SECONDS", 0.3)
    client = client_of(asterisk, system_name="stempel-1")
    await client.start()
    assert await names(client, 1) == ["Connected"]
    for _ in range(2):
        asterisk.send(b"tHangup\r\nChannel: victim\r\n\r\n")
        assert await names(client, 2) == ["Disconnected", "Connected"]
    await client.close()
    assert asterisk.logins == 3
