"""How a test call finds its way into the hotline, and in which words the service's steps are told."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from config.loading import load
from config.schema import Gateway, HotlineConfig, Transport
from hotline.cli.testcall import command
from hotline.errors import SetupError, StorageError
from hotline.state import EXAMPLE, StateDirectory
from hotline.storage.database import Database
from hotline.storage.ledger import Ledger
from hotline.storage.views import Step
from hotline.testcall_steps import ENDS, OFFERS, told
from hotline.testcall_steps import Ledger as Reader
from hotline.testcall_way import database_in_use, way_in

CONFIG = load(EXAMPLE)
AT = datetime(2026, 11, 23, 8, tzinfo=UTC)


def gateway(name: str = "g", **fields: object) -> Gateway:
    return Gateway.model_validate({"name": name, "addresses": ["127.0.0.1"], "called_numbers": ["9824"], **fields})


def with_gateways(*gateways: Gateway, host: str = "127.0.0.1") -> HotlineConfig:
    sip = CONFIG.network.sip.model_copy(update={"host": host})
    network = CONFIG.network.model_copy(update={"sip": sip})
    return CONFIG.model_copy(update={"gateways": list(gateways), "network": network})


def test_the_shipped_configuration_can_be_called() -> None:
    way = way_in(CONFIG)
    assert (way.gateway.name, way.address, way.uri) == ("haus", "127.0.0.1", "sip:9824@127.0.0.1:5060")


@pytest.mark.parametrize(
    ("config", "name", "uri"),
    [
        (with_gateways(gateway("far", addresses=["192.0.2.1"]), gateway("near")), "near", "sip:9824@127.0.0.1:5060"),
        (with_gateways(gateway("net", addresses=["127.0.0.0/8"])), "net", "sip:9824@127.0.0.1:5060"),
        (with_gateways(gateway("g", called_numbers=["98X4", "0572"])), "g", "sip:0572@127.0.0.1:5060"),
        (with_gateways(gateway("tls", transport=Transport.TLS), gateway("udp")), "udp", "sip:9824@127.0.0.1:5060"),
        (with_gateways(gateway("srtp", srtp=True), gateway("udp")), "udp", "sip:9824@127.0.0.1:5060"),
        (with_gateways(gateway("name", addresses=["pbx.example"]), gateway("ip")), "ip", "sip:9824@127.0.0.1:5060"),
        (with_gateways(gateway("any"), host="0.0.0.0"), "any", "sip:9824@127.0.0.1:5060"),
        (with_gateways(gateway("lan", addresses=["10.0.0.5"]), host="10.0.0.5"), "lan", "sip:9824@10.0.0.5:5060"),
        (with_gateways(gateway("six", addresses=["::1"]), host="::1"), "six", "sip:9824@[::1]:5060"),
    ],
)
def test_the_first_gateway_that_takes_plain_calls_from_here_is_used(config: HotlineConfig, name: str, uri: str) -> None:
    way = way_in(config)
    assert (way.gateway.name, way.uri) == (name, uri)


@pytest.mark.parametrize(
    "only", [gateway(addresses=["192.0.2.1"]), gateway(srtp=True), gateway(called_numbers=["98XX"])]
)
def test_without_such_a_gateway_it_says_what_to_add(only: Gateway) -> None:
    with pytest.raises(SetupError, match=r'addresses: \["127\.0\.0\.1"\]'):
        way_in(with_gateways(only))


def test_the_running_service_names_its_database(tmp_path: Path) -> None:
    note = {"pid": os.getpid(), "database_url": "sqlite+aiosqlite:///x", "moved": True}
    (tmp_path / "running.json").write_text(json.dumps(note))
    assert database_in_use(StateDirectory(tmp_path)) == "sqlite+aiosqlite:///x"


@pytest.mark.parametrize("note", [None, "", "{}", '{"pid": 0}', '{"pid": null, "database_url": "x"}'])
def test_without_a_running_service_it_says_how_to_start_one(tmp_path: Path, note: str | None) -> None:
    if note is not None:
        (tmp_path / "running.json").write_text(note)
    with pytest.raises(SetupError, match="make run"):
        database_in_use(StateDirectory(tmp_path))


def test_without_a_running_service_the_command_ends_with_that_sentence(tmp_path: Path) -> None:
    done = CliRunner().invoke(command, ["--state", str(tmp_path)], standalone_mode=False)
    assert isinstance(done.exception, SetupError)


@pytest.mark.parametrize(
    "words",
    [
        ["--press", "4a"],
        ["--press", "4 5"],
        ["--caller", "Erika"],
        ["--caller", "+49;x"],
        ["--talk", "-1"],
        ["--wait", "0"],
    ],
)
def test_wrong_use_ends_with_2(words: list[str]) -> None:
    assert CliRunner().invoke(command, words).exit_code == 2


@pytest.mark.parametrize(
    ("kind", "agent", "codes", "words"),
    [
        ("call_started", None, {"gateway": "haus"}, "beim Dienst angekommen über Gateway haus"),
        ("request_type", None, {"key": "rent"}, "Anliegen: Mietkosten"),
        ("request_type", None, {"key": "unclear"}, "Anliegen: Anliegen unklar"),
        ("request_type", "anna", {"key": "move"}, "Anliegen: Geplanter Umzug (berichtigt von Anna Ahrens)"),
        ("request_type", None, {"key": "gone"}, "Anliegen: gone"),
        ("joined_line", None, {}, "in die Reihe der Wartenden gestellt"),
        ("household_number", None, {"digits": 8}, "Nummer der Bedarfsgemeinschaft eingegeben (8 Ziffern)"),
        ("offer_made", "ben", {}, "angeboten: Ben Brinkmann"),
        ("offer_shown", "ben", {}, "auf dem Bildschirm gezeigt: Ben Brinkmann"),
        ("offer_closed", "ben", {"outcome": "missed"}, "Ben Brinkmann hat nicht abgehoben"),
        ("offer_closed", "ben", {"outcome": "new"}, "Angebot beendet (Ben Brinkmann)"),
        ("answered", "left-us", {}, "abgehoben: left-us"),
        ("call_ended", None, {"how": "talked"}, "Anruf beendet, nach einem Gespräch"),
        ("call_ended", None, {"how": "new"}, "Anruf beendet, new"),
        ("something_new", None, {"a": 1}, "something_new a=1"),
    ],
)
def test_each_step_is_told_in_german(kind: str, agent: str | None, codes: dict[str, object], words: str) -> None:
    assert told(Step(AT, kind, agent, codes), CONFIG) == words


def test_every_end_that_the_conversation_knows_has_its_words() -> None:
    from hotline.exchange.calls import OfferEnd
    from ivr.effects import EndReason

    assert {reason.value for reason in EndReason} <= set(ENDS)
    assert {end.value for end in OfferEnd} == set(OFFERS)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path}/hot line #1.sqlite"


async def test_the_call_of_that_number_after_the_mark_is_found_whatever_the_business_time(url: str) -> None:
    database = Database(url)
    await database.open()
    ledger, other = Ledger(database, "schaumburg"), Ledger(database, "elsewhere")
    reader = Reader.at(url, "schaumburg")
    try:
        assert await reader.mark() == 0
        await ledger.call_started("old", AT, "c", "haus", "+4957219999", 1)
        mark = await reader.mark()
        assert await reader.call_since(mark, "+4957219999") is None
        earlier = AT.replace(year=2020)
        await other.call_started("elsewhere", earlier, "c", "haus", "+4957219999", 1)
        await ledger.call_started("withheld", earlier, "c", "haus", None, 1)
        assert await reader.call_since(mark, "+4957219999") is None
        await ledger.call_started("new", earlier, "c", "haus", "+4957219999", 1)
        assert await reader.call_since(mark, "+4957219999") == "new"
        assert await reader.call_since(mark, None) == "withheld"
        await ledger.answered("new", "anna", earlier)
        steps = await reader.steps("new")
        assert [(step.kind, step.agent, step.at) for step in steps] == [
            ("call_started", None, earlier),
            ("answered", "anna", earlier),
        ]
    finally:
        await reader.engine.dispose()
        await database.close()


async def test_the_reader_cannot_write_and_says_when_the_database_is_gone(url: str, tmp_path: Path) -> None:
    reader = Reader.at(url, "schaumburg")
    with pytest.raises(StorageError, match="doctor"):
        await reader.mark()
    assert list(tmp_path.iterdir()) == []
