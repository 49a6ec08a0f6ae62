"""Decides what must fit together across the configuration: names used once, references that lead somewhere.

What concerns time is in `checks_hours.py`, what concerns gateways, ports and mail in `checks_network.py`,
what concerns extensions and handing callers on in `checks_transfers.py`, what concerns deputies in
`checks_case_workers.py`, what concerns further languages in `checks_languages.py`, what concerns times of callbacks in
`checks_callbacks.py`.
"""

import unicodedata
from collections.abc import Callable, Hashable, Iterable, Iterator

from config.checks_callbacks import CALLBACK_RULES
from config.checks_case_workers import CASE_WORKER_RULES
from config.checks_hours import HOURS_RULES
from config.checks_languages import LANGUAGE_RULES
from config.checks_network import NETWORK_RULES
from config.checks_transfers import TRANSFER_RULES
from config.messages import suggestion
from config.schema import FieldKind, FormField, HotlineConfig, PhoneKind, RequestType, ScreenNeed
from config.telephone import canonical

RESERVED_FIELDS = frozenset(
    {"family_name", "given_name", "household_number", "phone", "best_time", "office", "note", "outcome"}
    | {"responsible", "responsible_reason", "request_type", "sms"}
)
"""What the agent's page asks for every request; the fields of a type stand beside them in one form."""

LEAD_ACCOUNT = "leitung"
"""The account that may lead, which is no agent's."""

Path = tuple[str | int, ...]
Problem = tuple[Path, str]


def check(config: HotlineConfig) -> list[Problem]:
    """All that does not fit together, as (path of the value in the file, what is wrong and what is allowed)."""
    return [problem for rule in RULES for problem in rule(config)]


def _repeated(values: Iterable[tuple[Path, Hashable]], what: str) -> Iterator[Problem]:
    first: dict[Hashable, Path] = {}
    for path, value in values:
        if value in first:
            where = ".".join(map(str, first[value]))
            yield path, f'"{value}" is already the {what} at {where}; each {what} may be used once'
        else:
            first[value] = path


def _all_types(config: HotlineConfig) -> Iterator[tuple[Path, RequestType]]:
    for index, request_type in enumerate(config.request_types):
        yield ("request_types", index), request_type
    yield ("unclear",), config.unclear


def names_are_used_once(config: HotlineConfig) -> Iterator[Problem]:
    for section, attribute in (("offices", "key"), ("agents", "name"), ("gateways", "name")):
        entries = enumerate(getattr(config, section))
        named = (((section, index, attribute), getattr(entry, attribute)) for index, entry in entries)
        yield from _repeated(named, f"{attribute} of the {section}")
    yield from _repeated((((*path, "key"), kind.key) for path, kind in _all_types(config)), "request type's key")
    yield from _repeated((((*path, "press"), kind.press) for path, kind in _all_types(config)), "key to press")


def no_agent_has_the_leads_account(config: HotlineConfig) -> Iterator[Problem]:
    for index, agent in enumerate(config.agents):
        if agent.name == LEAD_ACCOUNT:
            yield ("agents", index, "name"), f'"{agent.name}" is the account of the lead; give the agent another name'


def offices_exist(config: HotlineConfig) -> Iterator[Problem]:
    offices = [office.key for office in config.offices]
    for index, agent in enumerate(config.agents):
        yield from _unknown(("agents", index, "office"), agent.office, offices, "office")
    for index, worker in enumerate(config.case_workers):
        for position, office in enumerate(worker.offices):
            yield from _unknown(("case_workers", index, "offices", position), office, offices, "office")


def request_types_exist(config: HotlineConfig) -> Iterator[Problem]:
    keys = [kind.key for _, kind in _all_types(config)]
    for index, worker in enumerate(config.case_workers):
        for position, key in enumerate(worker.types):
            yield from _unknown(("case_workers", index, "types", position), key, keys, "request type")


def skills_match(config: HotlineConfig) -> Iterator[Problem]:
    """Somebody can take every request type, first choice or second, and no agent has a skill that none needs."""
    needed = list(dict.fromkeys(kind.skill for _, kind in _all_types(config)))
    present = list(dict.fromkeys(skill for agent in config.agents for skill in (*agent.skills, *agent.second_choice)))
    for path, kind in _all_types(config):
        if kind.skill not in present:
            hint = suggestion(kind.skill, present)
            yield (*path, "skill"), f'no agent has the skill "{kind.skill}"{hint}; agents have: {", ".join(present)}'
    for index, agent in enumerate(config.agents):
        for choice, skills in (("skills", agent.skills), ("second_choice", agent.second_choice)):
            for position, skill in enumerate(skills):
                yield from _unknown(("agents", index, choice, position), skill, needed, "request type with the skill")


def skills_are_first_or_second_choice(config: HotlineConfig) -> Iterator[Problem]:
    """Each skill of an agent is one of the two, and stands there once."""
    for index, agent in enumerate(config.agents):
        paths = (("agents", index, "skills", position) for position in range(len(agent.skills)))
        yield from _repeated(zip(paths, agent.skills, strict=True), "skill")
        second = (("agents", index, "second_choice", position) for position in range(len(agent.second_choice)))
        yield from _repeated(zip(second, agent.second_choice, strict=True), "second choice")
        for position, skill in enumerate(agent.second_choice):
            if skill in agent.skills:
                path = ("agents", index, "second_choice", position)
                yield (
                    path,
                    f'"{skill}" is among the skills of "{agent.name}" already, and so a first choice; leave it out',
                )


def _unknown(path: Path, value: str, allowed: list[str], what: str) -> Iterator[Problem]:
    if value not in allowed:
        yield path, f'there is no {what} "{value}"{suggestion(value, allowed)}; allowed: {", ".join(allowed)}'


def forms_are_complete(config: HotlineConfig) -> Iterator[Problem]:
    for path, kind in _all_types(config):
        keys = (((*path, "fields", index, "key"), field.key) for index, field in enumerate(kind.fields))
        yield from _repeated(keys, "key of a field")
        for index, field in enumerate(kind.fields):
            yield from _own_key((*path, "fields", index), field)
            yield from _choices((*path, "fields", index), field)


def _own_key(path: Path, field: FormField) -> Iterator[Problem]:
    if field.key in RESERVED_FIELDS:
        taken = ", ".join(sorted(RESERVED_FIELDS))
        yield (*path, "key"), f'the field "{field.key}" is on the page of every request already; not allowed: {taken}'


def _choices(path: Path, field: FormField) -> Iterator[Problem]:
    if field.kind is FieldKind.CHOICE and not field.choices:
        yield path, f'the field "{field.key}" is a choice without choices; add choices: [one, two]'
    if field.kind is not FieldKind.CHOICE and field.choices:
        yield (*path, "choices"), f"only a field of the kind choice has choices, this one is {field.kind}"
    yield from _repeated((((*path, "choices", i), choice) for i, choice in enumerate(field.choices)), "choice")


def who_needs_no_screen_has_a_desk_phone(config: HotlineConfig) -> Iterator[Problem]:
    for index, agent in enumerate(config.agents):
        if agent.screen is ScreenNeed.OPTIONAL and agent.phone is not PhoneKind.DESK:
            yield (
                ("agents", index, "screen"),
                f'"{agent.name}" telephones in the page, which therefore must be open; '
                '"optional" is allowed with phone: desk only',
            )


def letters_run_forward(config: HotlineConfig) -> Iterator[Problem]:
    for index, worker in enumerate(config.case_workers):
        first, _, last = unicodedata.normalize("NFKD", worker.letters).replace("\u0308", "").partition("-")
        if last and last < first:
            yield ("case_workers", index, "letters"), f'"{worker.letters}" runs backwards; write "{last}-{first}"'


def own_number_is_valid(config: HotlineConfig) -> Iterator[Problem]:
    ours = config.hotline
    if canonical(ours.number, ours.country_code, ours.area_code) is None:
        place = f"country code {ours.country_code}, area code {ours.area_code}"
        yield (
            ("hotline", "number"),
            f'"{ours.number}" is not a valid telephone number ({place}); write it as it is dialled',
        )


def household_digits_make_a_range(config: HotlineConfig) -> Iterator[Problem]:
    digits = config.line.household_number
    if digits.min_digits > digits.max_digits:
        path = ("line", "household_number", "min_digits")
        yield path, f"{digits.min_digits} is more than max_digits ({digits.max_digits}); at most as many are allowed"


RULES: tuple[Callable[[HotlineConfig], Iterator[Problem]], ...] = (
    names_are_used_once,
    no_agent_has_the_leads_account,
    offices_exist,
    request_types_exist,
    skills_match,
    skills_are_first_or_second_choice,
    forms_are_complete,
    who_needs_no_screen_has_a_desk_phone,
    letters_run_forward,
    own_number_is_valid,
    household_digits_make_a_range,
    *HOURS_RULES,
    *NETWORK_RULES,
    *TRANSFER_RULES,
    *CASE_WORKER_RULES,
    *LANGUAGE_RULES,
    *CALLBACK_RULES,
)
