"""Whatever happens in whatever order: matching is what the rules say, read one caller after the other."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from routing.line import Line, Preferred
from routing.matcher import FreeAgent, Idle, Match, Why, match, next_change, rank

NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SKILLS = ("address", "rent", "income")
AGENTS = ("anna", "ben", "carla", "dora")
MOMENT = timedelta(microseconds=1)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


# --- the rules, written down once more in the plainest way ------------------------------------------


@dataclass(frozen=True)
class Caller:
    call_id: str
    skill: str
    joined_at: datetime
    order: int
    front: bool = False
    preferred: str | None = None
    held_until: datetime | None = None
    second_at: datetime | None = None

    def held(self, now: datetime) -> bool:
        return self.held_until is not None and now < self.held_until

    def late(self, now: datetime) -> bool:
        return self.second_at is not None and now >= self.second_at

    def may_be_served_by(self, agent: FreeAgent, now: datetime) -> bool:
        able = self.skill in agent.skills | agent.second
        if agent.name == self.preferred:
            return able
        return able and not self.held(now) and (self.skill in agent.skills or self.late(now))


def in_order(callers: Iterable[Caller]) -> list[Caller]:
    front = sorted((one for one in callers if one.front), key=lambda one: (one.joined_at, -one.order))
    others = sorted((one for one in callers if not one.front), key=lambda one: (one.joined_at, one.order))
    return front + others


def choice(caller: Caller, free: list[FreeAgent], now: datetime) -> tuple[FreeAgent, Why] | None:
    """Whom this caller gets, and why."""
    able = sorted(
        (agent for agent in free if caller.may_be_served_by(agent, now)),
        key=lambda agent: (
            agent.name != caller.preferred,
            caller.skill not in agent.skills,
            agent.idle_since,
            agent.name,
        ),
    )
    if not able:
        return None
    if able[0].name == caller.preferred:
        return able[0], Why.SAME_AGENT
    return able[0], Why.FIRST_CHOICE if caller.skill in able[0].skills else Why.SECOND_CHOICE


def plainly(callers: Iterable[Caller], agents: Iterable[FreeAgent], now: datetime) -> list[Match]:
    """What `match` must give: one caller after the other, in the order of the line."""
    free, found = list(agents), []
    for caller in in_order(callers):
        chosen = choice(caller, free, now)
        if chosen is not None:
            free.remove(chosen[0])
            found.append(Match(caller.call_id, chosen[0].name, chosen[1]))
    return found


def strangers(count: int, *, first: bool) -> list[FreeAgent]:
    """Agents nobody prefers, for every skill, as first or as second choice."""
    skills = frozenset(SKILLS)
    levels = (skills, frozenset[str]()) if first else (frozenset[str](), skills)
    return [FreeAgent(f"stranger{number}", levels[0], NINE, levels[1]) for number in range(count)]


# --- any situation ---------------------------------------------------------------------------------

skills = st.sampled_from(SKILLS)
some_skills = st.frozensets(skills)
delays = st.one_of(st.none(), st.integers(0, 12))
callers = st.lists(
    st.tuples(skills, st.integers(0, 9), st.booleans(), st.one_of(st.none(), st.sampled_from(AGENTS)), delays, delays),
    max_size=12,
)
agents = st.dictionaries(st.sampled_from(AGENTS), st.tuples(some_skills, some_skills, st.integers(0, 5)))


@given(callers, agents, st.integers(0, 30))
def test_matches_are_what_asking_one_caller_after_the_other_gives(
    callers: list[tuple[str, int, bool, str | None, int | None, int | None]],
    agents: dict[str, tuple[frozenset[str], frozenset[str], int]],
    now: int,
) -> None:
    line, model = Line(), []
    for number, (skill, joined, front, agent, hold, second) in enumerate(callers):
        joined_at = NINE + seconds(joined)
        held_until = None if agent is None else joined_at + seconds(hold or 0)
        second_at = None if second is None else joined_at + seconds(second)
        model.append(Caller(f"call{number}", skill, joined_at, number, front, agent, held_until, second_at))
        preferred = None if agent is None or held_until is None else Preferred(agent, held_until)
        line.join(f"call{number}", skill, joined_at, front, preferred=preferred, second_at=second_at)
    free = [FreeAgent(name, first, NINE + seconds(idle), second) for name, (first, second, idle) in agents.items()]
    at = NINE + seconds(now)
    assert match(line, free, at) == match(line, Idle(free), at) == plainly(model, free, at)


@given(agents, skills)
def test_the_rank_is_the_order_in_which_one_caller_would_be_offered(
    agents: dict[str, tuple[frozenset[str], frozenset[str], int]], skill: str
) -> None:
    free = [FreeAgent(name, first, NINE + seconds(idle), second) for name, (first, second, idle) in agents.items()]
    expected, line = [], Line()
    line.join("a", skill, NINE, second_at=NINE)
    while found := match(line, [one for one in free if one.name not in expected], NINE):
        expected.append(found[0].agent)
    assert rank(skill, free) == expected


# --- any sequence ----------------------------------------------------------------------------------


class Hotline(RuleBasedStateMachine):
    """A hotline reduced to its line and agents; `waiting`, `free` and `ringing` are what must be true."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NINE
        self.line, self.idle = Line(), Idle()
        self.waiting: dict[str, Caller] = {}
        self.levels: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
        self.free: dict[str, FreeAgent] = {}
        self.ringing: dict[str, Caller] = {}
        """By agent, who is offered to them."""
        self.talking: set[str] = set()
        self.count = 0

    @initialize(levels=st.tuples(*[st.tuples(st.frozensets(skills, min_size=1), some_skills) for _ in AGENTS]))
    def agents_begin(self, levels: tuple[tuple[frozenset[str], frozenset[str]], ...]) -> None:
        self.levels = dict(zip(AGENTS, levels, strict=True))

    # what callers do

    @rule(
        skill=skills,
        front=st.booleans(),
        agent=st.one_of(st.none(), st.sampled_from(AGENTS)),
        hold=st.integers(0, 20),
        second=delays,
    )
    def a_caller_comes(self, skill: str, front: bool, agent: str | None, hold: int, second: int | None) -> None:
        """The configuration may be another one for each call: bounds and levels differ."""
        self.count += 1
        held_until = None if agent is None else self.now + seconds(hold)
        second_at = None if second is None else self.now + seconds(second)
        self._enter(Caller(f"call{self.count}", skill, self.now, 0, front, agent, held_until, second_at))
        self._rematch()

    def _enter(self, caller: Caller) -> None:
        self.count += 1
        self.waiting[caller.call_id] = replace(caller, order=self.count)
        until = caller.held_until
        preferred = None if caller.preferred is None or until is None else Preferred(caller.preferred, until)
        self.line.join(
            caller.call_id,
            caller.skill,
            caller.joined_at,
            caller.front,
            preferred=preferred,
            second_at=caller.second_at,
        )

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def a_caller_hangs_up(self, data: st.DataObject) -> None:
        call_id = data.draw(st.sampled_from(sorted(self.waiting)))
        del self.waiting[call_id]
        assert self.line.leave(call_id)
        self._rematch()

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), skill=skills)
    def a_caller_wants_something_else(self, data: st.DataObject, skill: str) -> None:
        call_id = data.draw(st.sampled_from(sorted(self.waiting)))
        self.waiting[call_id] = replace(self.waiting[call_id], skill=skill)
        self.line.change_skill(call_id, skill)
        self._rematch()

    # what agents do

    @rule(name=st.sampled_from(AGENTS))
    def an_agent_becomes_ready(self, name: str) -> None:
        """From a break, or after a talk."""
        if name not in self.free and name not in self.ringing:
            self.talking.discard(name)
            self._set_free(name, self.now)
            self._rematch()

    def _set_free(self, name: str, since: datetime) -> None:
        first, second = self.levels[name]
        self.free[name] = FreeAgent(name, first, since, second)
        self.idle.add(self.free[name])

    @precondition(lambda self: any(one.preferred for one in self.waiting.values()))
    @rule(data=st.data())
    def an_agent_whom_somebody_prefers_goes_away(self, data: st.DataObject) -> None:
        self.an_agent_goes_away(data.draw(st.sampled_from(sorted(self.line.asked_agents))))

    @rule(name=st.sampled_from(AGENTS))
    def an_agent_goes_away(self, name: str) -> None:
        if name not in self.ringing and name not in self.talking:
            self.free.pop(name, None)
            self.idle.remove(name)
            self._release(name)
            self._rematch()

    def _release(self, name: str) -> None:
        self.line.release(name)
        for one in self.waiting.values():
            if one.preferred == name:
                self.waiting[one.call_id] = replace(one, held_until=None)

    @rule(name=st.sampled_from(AGENTS), first=some_skills, second=some_skills)
    def an_agents_skills_change(self, name: str, first: frozenset[str], second: frozenset[str]) -> None:
        self.levels[name] = (first, second)
        if name in self.free:
            self._set_free(name, self.free[name].idle_since)
        self._rematch()

    @precondition(lambda self: self.ringing)
    @rule(data=st.data())
    def an_offer_is_taken(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.ringing)))
        del self.ringing[name]
        self.talking.add(name)

    @precondition(lambda self: self.ringing)
    @rule(data=st.data())
    def an_offer_is_missed(self, data: st.DataObject) -> None:
        """The agent is away then, the caller has the original place again, and is held for nobody."""
        name = data.draw(st.sampled_from(sorted(self.ringing)))
        self._release(name)
        self._enter(replace(self.ringing.pop(name), preferred=None, held_until=None))
        self._rematch()

    # what time does

    @rule(after=st.integers(0, 4_000_000))
    def time_passes(self, after: int) -> None:
        """Without an event nothing becomes possible before `next_change`."""
        later = self.now + timedelta(microseconds=after)
        change = next_change(self.line, self.now)
        assert change is None or change > self.now
        if change is not None and later >= change:
            self._until(change)
        else:
            self._stays_as_it_is(later)
        self.now = later
        self._rematch()

    @rule()
    def time_passes_to_the_next_change(self) -> None:
        change = next_change(self.line, self.now)
        if change is not None:
            self._until(change)
            self.now = change
            self._rematch()

    def _until(self, change: datetime) -> None:
        """Nothing new a moment before, and somebody more who could be served then."""
        before = self._stays_as_it_is(change - MOMENT)
        assert self._could_be_served(change) > before

    def _stays_as_it_is(self, later: datetime) -> int:
        could = self._could_be_served(self.now)
        assert plainly(self.waiting.values(), self.free.values(), later) == []
        assert self._could_be_served(later) == could
        return could

    def _could_be_served(self, now: datetime) -> int:
        """By how many callers agents of either level would be taken, if there were enough."""
        callers = self.waiting.values()
        return sum(len(plainly(callers, strangers(len(callers), first=first), now)) for first in (True, False))

    @rule(minutes=st.integers(-60, 60))
    def business_time_jumps(self, minutes: int) -> None:
        delta = timedelta(minutes=minutes)
        self.now += delta
        self.line.shift(delta)
        self.waiting = {call_id: _shifted(one, delta) for call_id, one in self.waiting.items()}
        for name, one in list(self.free.items()):
            self._set_free(name, one.idle_since + delta)
        self._rematch()

    # what must hold

    def _rematch(self) -> None:
        found = match(self.line, self.idle, self.now)
        assert found == match(self.line, self.free.values(), self.now)
        assert found == plainly(self.waiting.values(), self.free.values(), self.now)
        self._nobody_is_passed_over(found)
        for one in found:
            self._offer(one)

    def _nobody_is_passed_over(self, found: list[Match]) -> None:
        """Whoever stays could not have been served by an agent who got a caller from behind."""
        matched = {one.call_id: one.agent for one in found}
        left: list[Caller] = []
        for caller in in_order(self.waiting.values()):
            if caller.call_id not in matched:
                left.append(caller)
                continue
            agent = self.free[matched[caller.call_id]]
            assert caller.may_be_served_by(agent, self.now)
            assert not [one for one in left if one.may_be_served_by(agent, self.now)]

    def _offer(self, one: Match) -> None:
        caller = self.waiting.pop(one.call_id)
        del self.free[one.agent]
        assert one.agent not in self.ringing
        assert one.agent not in self.talking
        assert caller.call_id not in {ringing.call_id for ringing in self.ringing.values()}
        self.ringing[one.agent] = caller
        assert self.line.leave(one.call_id)
        assert self.idle.remove(one.agent)

    @invariant()
    def nobody_waits_beside_a_first_choice_agent_but_who_is_held(self) -> None:
        for caller in self.waiting.values():
            able = [one for one in self.free.values() if caller.skill in one.skills]
            assert not able or caller.held(self.now)

    @invariant()
    def the_line_is_in_order(self) -> None:
        assert [one.call_id for one in self.line.waiting()] == [one.call_id for one in in_order(self.waiting.values())]

    def teardown(self) -> None:
        """Everybody who stays is reached when agents keep becoming free."""
        for _ in range(len(self.waiting) + 60):
            if not self.waiting:
                break
            self.now += seconds(1)
            self.count += 1
            name = f"newcomer{self.count}"
            self.levels[name] = (frozenset(SKILLS), frozenset())
            self._set_free(name, self.now)
            self._rematch()
        assert not self.waiting


def _shifted(one: Caller, delta: timedelta) -> Caller:
    return replace(
        one,
        joined_at=one.joined_at + delta,
        held_until=None if one.held_until is None else one.held_until + delta,
        second_at=None if one.second_at is None else one.second_at + delta,
    )


TestHotline = Hotline.TestCase
TestHotline.settings = settings(max_examples=100, stateful_step_count=40)
