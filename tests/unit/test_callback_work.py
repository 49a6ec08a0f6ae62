"""Callbacks from the page to the database: who may ring whom, how tries go on, what is searched, what a day shows."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from agents.forms import FormError
from agents.presence import State
from config.schema import HotlineConfig
from dialplan.outgoing import outgoing_context
from hotline.callback_board import CallbackBoard
from hotline.errors import Refused, StorageError
from hotline.exchange.outgoing import Outgoing
from hotline.exchange.places import Places
from hotline.storage.callbacks import Callbacks
from hotline.storage.database import Database
from hotline.storage.day import Days
from hotline.storage.ledger import Ledger
from hotline.storage.outbox import NewMail
from hotline.storage.places import PlaceOffers
from hotline.storage.promise_steps import PromiseSteps, Sent
from hotline.storage.promises import Disposal, NewPromise, Person, Promises
from hotline.storage.search import Finder
from hotline.storage.tables import callback_persons
from hotline.workplace.callbacks import CallbackCalls
from hotline.workplace.day import MyDay
from hotline.workplace.search import Search
from tests.unit.doubles_switchboard import MONDAY_NINE, Office, StillClock
from tests.unit.test_outgoing import RememberingOriginator

CLIENT = "+4957211234"
DUE = MONDAY_NINE + timedelta(days=1)


class Work:
    """The service behind the pages over a real database; Anna and Ben at work."""

    def __init__(self, config: HotlineConfig, db: Database) -> None:
        self.config, self.office, self.originator = config, Office(config), RememberingOriginator()
        self.db = db
        board, journal, clock = self.office.switchboard, self.office.journal, self.office.clock
        self.ledger, self.store = Ledger(db, "h"), Callbacks(db, "h")
        parts: Any = (self.originator, self.office.controls, journal, self.ledger, clock)
        self.outgoing = Outgoing(board, *parts)
        self.board = CallbackBoard(self.store, journal, board, clock, self.outgoing, self.configuration)
        rows = PlaceOffers(db, "h")
        self.places = Places(board, self.board, self.outgoing, rows, self.ledger, journal, clock, self.configuration)
        known = (self.board, self.store, self.outgoing, clock, self.places.offers)
        self.calls = CallbackCalls(self.configuration, board.seats, *known)
        self.search = Search(Finder(db, "h"), self.configuration, journal, clock)
        self.day = MyDay(Days(db, "h"), self.board, self.configuration, clock)
        self.anna = board.seats["anna"]

    def configuration(self) -> tuple[int, HotlineConfig]:
        return 1, self.config

    async def task(self, number: str = CLIENT, taken_by: str | None = "anna") -> str:
        task = str(await self.store.request("c1", number, "rent", MONDAY_NINE, DUE, "31402123456"))
        await self.board.refresh()
        if taken_by is not None:
            await self.board.take(taken_by, task)
        return task

    def view(self) -> dict[str, Any]:
        return dict(self.calls.view(self.anna, MONDAY_NINE))

    def end(self, *, answered: bool) -> None:
        """Asterisk tells how the ring of Anna went."""
        ring = self.outgoing.of("anna")
        assert ring is not None
        status = "ANSWER" if answered else "NOANSWER"
        self.outgoing.hears({"Event": "DialEnd", "DestUniqueid": ring.id, "DialStatus": "ANSWER"})
        self.outgoing.hears({"Event": "DialEnd", "Uniqueid": ring.id, "DialStatus": status})
        self.outgoing.hears({"Event": "Hangup", "Uniqueid": ring.id})


@pytest.fixture
async def work(config: HotlineConfig, database_url: str) -> AsyncIterator[Work]:
    database = Database(database_url)
    await database.open()
    found = Work(config, database)
    found.office.ready("anna", "ben")
    yield found
    await found.office.close()
    await database.close()


async def test_task_in_hand_is_rung_and_shown_with_its_context(work: Work) -> None:
    task = await work.task()
    await work.calls.ring("anna", task)
    ((_, agent, dial, seconds),) = work.originator.rung
    assert (agent, dial, seconds) == ("anna", "PJSIP/057211234@gateway-haus", 30)
    shown = work.view()["callback_call"]
    assert (shown["id"], shown["stage"], shown["asks"], shown["words"]) == (task, "own", False, None)
    assert (shown["task"]["number"], shown["task"]["type"]) == ("05721 1234", "Mietkosten")
    work.end(answered=True)
    assert work.view()["callback_call"]["words"] == "Das Gespräch ist zu Ende."
    await work.board.finish("anna", task, "reached", "besprochen")
    assert work.view()["callback_call"] is None
    assert work.anna.presence.state is State.READY


async def test_only_ones_own_task_is_rung(work: Work) -> None:
    task = await work.task(taken_by=None)
    with pytest.raises(Refused, match="übernehmen"):
        await work.calls.ring("anna", task)
    await work.board.take("ben", task)
    with pytest.raises(Refused, match="übernehmen"):
        await work.calls.ring("anna", task)
    with pytest.raises(Refused, match="schon erledigt"):
        await work.calls.ring("anna", "99")
    with pytest.raises(Refused, match="gibt es nicht"):
        await work.calls.ring("anna", "7; DROP")
    with pytest.raises(Refused, match="Arbeitsplatz"):
        work.calls.hang_up("nobody", task)
    assert work.originator.rung == []


async def test_number_is_not_rung_by_two_at_once(work: Work) -> None:
    """The caller has asked in two calls; both tasks were in hand before anybody saw that they belong together."""
    task, twin = await work.task(), await work.task("+4957211235", taken_by="ben")
    async with work.db.write() as connection:
        await connection.execute(update(callback_persons).values(number=CLIENT))
    await work.board.refresh()
    assert [shown["same_number"] for shown in work.board.view(work.config)] == [1, 1]
    await work.calls.ring("anna", task)
    with pytest.raises(Refused, match="gerade schon angerufen"):
        await work.calls.ring("ben", twin)
    assert [agent for _, agent, *_ in work.originator.rung] == ["anna"]
    work.end(answered=True)
    await work.board.finish("anna", task, "reached", "")
    assert [shown["same_number"] for shown in work.board.view(work.config)] == [0]
    await work.calls.ring("ben", twin)


@pytest.mark.parametrize("number", ["+49900512345", "+33142685300", "+4957219824"])
async def test_number_that_may_not_be_rung_says_so_on_the_list_and_is_refused(work: Work, number: str) -> None:
    task = await work.task(number)
    (shown,) = work.board.view(work.config)
    assert (shown["can_ring"], "darf nicht angerufen" in shown["why_not"]) == (False, True)
    with pytest.raises(Refused, match="darf nicht angerufen"):
        await work.calls.ring("anna", task)


async def test_nobody_is_rung_when_we_are_closed(work: Work) -> None:
    task = await work.task()
    StillClock.moment = MONDAY_NINE + timedelta(hours=10)
    with pytest.raises(Refused, match="Öffnungszeiten"):
        await work.calls.ring("anna", task)


async def test_three_tries_at_their_distances_and_then_a_visible_end(work: Work) -> None:
    task = await work.task()
    for tries, minutes in ((1, 30), (2, 120)):
        await work.calls.ring("anna", task)
        work.end(answered=False)
        now = work.office.clock.now()
        await work.board.finish("anna", task, "not_reached", "")
        (shown,) = work.board.view(work.config)
        assert (shown["tries"], shown["taken_by"]) == (tries, None)
        assert shown["next_try"] == (now + timedelta(minutes=minutes)).isoformat()
        await work.board.take("anna", task)
        with pytest.raises(Refused, match="nächste Versuch"):
            await work.calls.ring("anna", task)
        work.office.pass_time(minutes * 60)
    await work.calls.ring("anna", task)
    work.end(answered=False)
    await work.board.finish("anna", task, "not_reached", "Mailbox")
    assert work.board.view(work.config) == []
    (ended,) = work.view()["callbacks_given_up"]
    assert (ended["id"], ended["tries"]) == (task, 3)
    assert work.anna.presence.state is State.READY


async def test_outcome_is_not_taken_while_it_rings_and_going_home_keeps_what_is_rung(work: Work) -> None:
    task, other = await work.task(), await work.task("+4957211235")
    await work.calls.ring("anna", task)
    with pytest.raises(Refused, match="beenden Sie erst"):
        await work.board.finish("anna", task, "reached", "")
    await work.board.give_back("anna")
    assert {shown["id"]: shown["taken_by"] for shown in work.board.view(work.config)} == {task: "anna", other: None}


async def test_own_telephone_that_was_not_taken_is_told_and_may_be_rung_again(work: Work) -> None:
    task = await work.task()
    await work.calls.ring("anna", task)
    ring = work.outgoing.of("anna")
    assert ring is not None
    work.outgoing.hears({"Event": "DialEnd", "DestUniqueid": ring.id, "DialStatus": "NOANSWER"})
    shown = work.view()["callback_call"]
    assert (shown["asks"], "Angerufen wurde niemand" in shown["words"]) == (False, True)
    (task_shown,) = work.board.view(work.config)
    assert task_shown["tries"] == 0
    await work.calls.ring("anna", task)
    assert len(work.originator.rung) == 2


@pytest.mark.parametrize("closed", [False, True])
async def test_going_home_without_an_outcome_gives_the_callback_back(work: Work, closed: bool) -> None:
    task = await work.task()
    await work.calls.ring("anna", task)
    work.end(answered=True)
    if closed:  # there is nothing to give back
        await work.store.finish(int(task), "anna", "reached", "", MONDAY_NINE)
    await work.board.give_back("anna")
    assert [shown["taken_by"] for shown in work.board.view(work.config)] == ([] if closed else [None])
    assert work.outgoing.of("anna") is None
    assert work.anna.presence.state is State.READY
    if not closed:
        await work.board.take("ben", task)
        await work.calls.ring("ben", task)
        assert [agent for _, agent, *_ in work.originator.rung] == ["anna", "ben"]


@pytest.mark.parametrize("outcome", ["reached", "not_reached"])
async def test_outcome_stored_although_the_answer_came_too_late_frees_the_agent(
    work: Work, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = await work.task()
    await work.calls.ring("anna", task)
    work.end(answered=outcome == "reached")
    method = "finish" if outcome == "reached" else "not_reached"
    stored = getattr(work.store, method)

    async def too_late(*given: Any) -> None:
        await stored(*given)
        raise StorageError("no answer")

    monkeypatch.setattr(work.store, method, too_late)
    with pytest.raises(StorageError):
        await work.board.finish("anna", task, outcome, "")
    assert work.outgoing.of("anna") is not None
    monkeypatch.setattr(work.store, method, stored)
    with pytest.raises(Refused, match=r"erledigt|nicht mehr bei Ihnen"):
        await work.board.finish("anna", task, outcome, "")
    assert work.outgoing.of("anna") is None
    assert work.anna.presence.state is State.READY
    assert [shown["tries"] for shown in work.board.view(work.config)] == ([] if outcome == "reached" else [1])


async def test_what_somebody_without_a_seat_had_taken_is_everybodys_again_after_a_start(work: Work) -> None:
    """Somebody left the configuration with callbacks in hand: nobody else could take or finish them."""
    task, other = await work.task(), await work.task("+4957211235", taken_by=None)
    await work.store.take(int(other), "formerly")
    await work.board.refresh()
    await work.office.settle()
    assert [one.taken_by for one in await work.store.open_tasks()] == ["anna", "formerly"], "perhaps they talk just now"
    work.outgoing.compare([], {})
    work.places.look()
    async with asyncio.timeout(5):
        while all(one.taken_by for one in work.board.tasks):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
    assert {shown["id"]: shown["taken_by"] for shown in work.board.view(work.config)} == {task: "anna", other: None}
    await work.board.take("ben", other)


# --- search and day ----------------------------------------------------------------------------------


async def test_hits_are_in_words_and_contents_only_when_opened(work: Work) -> None:
    task = await work.task()
    found = await work.search.search("anna", "05721 1234")
    (hit,) = found["hits"]
    assert (hit["title"], hit["type"], hit["status"], hit["id"]) == ("Rückruf", "Mietkosten", "offen", task)
    assert "1234" not in str(hit)
    opened = await work.search.open("anna", "callback", task)
    assert {"label": "Rufnummer", "value": "05721 1234"} in opened["lines"]
    with pytest.raises(FormError):
        await work.search.search("anna", "Kruse")


async def test_opened_promise_says_how_it_stands_and_in_whose_words(work: Work) -> None:
    promise = NewPromise("p1", "26-4821-7305", DUE, "Frau Falke", "falke@jobcenter.example", "A-K")
    mail = NewMail("<m@jobcenter.example>", "falke@jobcenter.example", "Rückfrage", "Text")
    parts = {"person": Person("Kruse", "Sabine", "", CLIENT, ""), "promise": promise, "mail": mail}
    await Promises(work.db, "h").dispose(Disposal("c1", "anna", MONDAY_NINE, "forwarded", "rent", "eilt", **parts))
    steps = PromiseSteps(work.db, "h")
    await steps.not_reached(Sent("p1", 0, "a", MONDAY_NINE, ""))
    await steps.postponed(Sent("p1", 0, "b", MONDAY_NINE, "Akte fehlt"), DUE + timedelta(days=2))
    opened = await work.search.open("anna", "promise", "p1")
    standing = "offen, nicht erreicht (1 Versuch), dauert bis 26.11.2026"
    assert opened["lines"][0] == {"label": "Stand", "value": standing}
    assert opened["notes"][0] == "eilt"
    assert [note.partition(" Uhr, ")[0] for note in opened["notes"][1:]] == ["23.11.2026, 09:00"]
    assert opened["notes"][1].endswith(": Akte fehlt")
    await steps.kept(Sent("p1", 0, "c", MONDAY_NINE, "Alles geklärt"), "letter")
    opened = await work.search.open("anna", "promise", "p1")
    assert opened["lines"][0]["value"] == "beantwortet per Brief am 23.11.2026"
    assert opened["notes"][2] == "23.11.2026, 09:00 Uhr, Beantwortet: Mit einem Brief: Alles geklärt"


async def test_caller_in_vain_is_on_the_day_and_becomes_a_callback(work: Work) -> None:
    now = work.office.clock.now()
    for call_id, number in (("gone", CLIENT), ("abroad", "+33142685300"), ("withheld", None)):
        await work.ledger.call_started(call_id, now, "PJSIP/x", "haus", number, 1)
        await work.ledger.call_ended(call_id, now, "closed")
    missed = {one["id"]: one for one in (await work.day.day("anna"))["missed"]}
    assert {key: one["can_call_back"] for key, one in missed.items()} == {
        "gone": True,
        "abroad": False,
        "withheld": False,
    }
    assert missed["gone"]["number"] == "05721 1234"
    for call_id in ("abroad", "withheld", "unknown"):
        with pytest.raises(Refused):
            await work.day.request("anna", call_id)
    await work.day.request("anna", "gone")
    (task,) = work.board.view(work.config)
    assert (task["number"], task["taken_by"]) == ("05721 1234", None)
    missed = {one["id"]: one for one in (await work.day.day("anna"))["missed"]}
    assert missed["gone"]["since"] == "Rückruf steht auf der Liste"
    with pytest.raises(Refused, match="schon ein Rückruf"):
        await work.day.request("ben", "gone")


async def test_monday_shows_who_called_in_vain_over_the_weekend(work: Work) -> None:
    """From the end of the last opening before today; what came earlier was for the people of that day to see."""
    friday, sunday = MONDAY_NINE - timedelta(days=2, hours=15), MONDAY_NINE - timedelta(hours=14)
    for call_id, at in (("open", friday - timedelta(seconds=1)), ("friday", friday), ("sunday", sunday)):
        await work.ledger.call_started(call_id, at, "PJSIP/x", "haus", CLIENT, 1)
        await work.ledger.call_ended(call_id, at, "closed")
    await work.ledger.call_started("own", sunday, "PJSIP/x", "haus", None, 1)
    await work.ledger.answered("own", "anna", sunday)
    day = await work.day.day("anna")
    assert [one["id"] for one in day["missed"]] == ["sunday", "friday"]
    assert day["calls"] == [], "one's own talks are those of today"
    with pytest.raises(Refused):
        await work.day.request("anna", "open")
    await work.day.request("anna", "sunday")
    assert [task["number"] for task in work.board.view(work.config)] == ["05721 1234"]


# --- dialplan ----------------------------------------------------------------------------------------


def test_dialplan_presents_our_number_and_dials_only_what_the_service_wrote(config: HotlineConfig) -> None:
    assert outgoing_context(config) == (
        "[hotline-outgoing]\n"
        "exten => caller,1,Set(CALLERID(all)=<057219824>)\n"
        " same => n,Dial(${HL_TARGET},${HL_RING},g)\n"
        " same => n,UserEvent(CallerDialled,DialStatus: ${DIALSTATUS})\n"
        " same => n,Hangup()\n"
    )
