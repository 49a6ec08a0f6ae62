"""The people of the telephone service: what each of them takes as first or second choice, and on what phone."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from agents.forms import FormError
from config.editing import Edit, Kind
from config.schema import Agent, HotlineConfig, PhoneKind, ScreenNeed
from hotline.errors import Refused
from hotline.web.admin_basis import change, everyday, mapping_in, posted, tells_outdated
from hotline.web.problems import Problem
from hotline.web.reading import WORD, path_word, text

CHOICES = {"": "–", "first": "1. Wahl", "second": "2. Wahl"}
PHONES = {"browser": "im Browser", "desk": "Tischtelefon"}
SCREENS = {"required": "nur mit offener Seite", "optional": "auch ohne offene Seite"}
NAME_LENGTH, FULL_NAME_LENGTH, EXTENSION_LENGTH = 31, 120, 4
_FIELDS_OF_ONE = 200
_AGENTS = 2000
_GONE = "Diese Person steht nicht mehr in der Konfiguration. Bitte laden Sie die Seite neu."


async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin/agents"""

    def values(config: HotlineConfig) -> Mapping[str, Any]:
        return {
            "skills": skills_of(config),
            "choices": CHOICES,
            "choice_of": choice_of,
            "offices": [(office.key, office.name) for office in config.offices],
            "phones": PHONES,
            "screens": SCREENS,
            "lengths": {"name": NAME_LENGTH, "full_name": FULL_NAME_LENGTH, "extension": EXTENSION_LENGTH},
        }

    return await everyday(request, "admin/agents.html", values)


def skills_of(config: HotlineConfig) -> dict[str, str]:
    """All skills, and in words which requests need them; those that nothing needs come last."""
    kinds = (*config.request_types, config.unclear)
    needed = {kind.skill: ", ".join(one.label for one in kinds if one.skill == kind.skill) for kind in kinds}
    had = [skill for agent in config.agents for skill in (*agent.skills, *agent.second_choice)]
    return needed | {skill: "wird von keinem Anliegen gebraucht" for skill in had if skill not in needed}


def choice_of(agent: Agent, skill: str) -> str:
    if skill in agent.skills:
        return "first"
    return "second" if skill in agent.second_choice else ""


@tells_outdated
async def save_skills(request: web.Request) -> web.StreamResponse:
    """POST /admin/skills {values: {"anna.wohnen": "first" | "second" | ""}}: those that were changed."""
    body = await posted(request)
    given = {key: text(body["values"], key, 10) for key in mapping_in(body, "values", _AGENTS)}
    if wrong := [value for value in given.values() if value not in CHOICES]:
        raise Problem(400, f"„{wrong[0]}“ ist keine Wahl.")

    def edits(config: HotlineConfig) -> Sequence[Edit]:
        wanted, findings, result = _by_agent(config, given), {}, []
        for place, agent in enumerate(config.agents):
            chosen = {skill: choice_of(agent, skill) for skill in skills_of(config)} | wanted.pop(agent.name, {})
            first = _in_order(agent.skills, [skill for skill, choice in chosen.items() if choice == "first"])
            second = _in_order(agent.second_choice, [skill for skill, choice in chosen.items() if choice == "second"])
            if not first:
                findings[agent.name] = f"{agent.full_name} braucht mindestens eine 1. Wahl."
            result += _skill_edits(place, agent, first, second)
        if wanted:
            raise Refused(_GONE)
        if findings:
            raise FormError(findings)
        return result

    return await change(request, body, edits)


@tells_outdated
async def save(request: web.Request) -> web.StreamResponse:
    """POST /admin/agents/{name} {values: {full_name, office, phone, screen, extension}}: those that were changed"""
    body, name = await posted(request), path_word(request, "name")
    values = mapping_in(body, "values", _FIELDS_OF_ONE)

    def edits(config: HotlineConfig) -> Sequence[Edit]:
        place, agent = _find(config, name)
        old = _plain(agent.model_dump(mode="json"))
        return [
            _edit(("agents", place, key), value)
            for key, value in _read({**old, **values}, config, name).items()
            if value != old[key]
        ]

    return await change(request, body, edits, _ENTRY)


@tells_outdated
async def add(request: web.Request) -> web.StreamResponse:
    """POST /admin/agents {values: {name, full_name, office, phone, screen, extension, skill}}"""
    body = await posted(request)
    values = mapping_in(body, "values", _FIELDS_OF_ONE)
    name = text(values, "name", NAME_LENGTH).strip().lower()

    def edits(config: HotlineConfig) -> Sequence[Edit]:
        findings = _name_findings(name, config)
        skill = text(values, "skill", NAME_LENGTH)
        if skill not in skills_of(config):
            findings["skill"] = "Bitte wählen Sie, was die Person als 1. Wahl übernimmt."
        try:
            entry = _read(values, config, name)
        except FormError as error:
            raise FormError(findings | error.findings) from None
        if findings:
            raise FormError(findings)
        whole = {"name": name, "full_name": entry["full_name"], "office": entry["office"], "skills": [skill]}
        kept = {
            key: value for key, value in entry.items() if key not in whole and value not in ("", _DEFAULTS.get(key))
        }
        return [Edit(Kind.ADD, ("agents",), whole | kept)]

    return await change(request, body, edits, _ENTRY)


@tells_outdated
async def remove(request: web.Request) -> web.StreamResponse:
    """POST /admin/agents/{name}/remove"""
    body, name = await posted(request), path_word(request, "name")

    def edits(config: HotlineConfig) -> Sequence[Edit]:
        if len(config.agents) == 1:
            raise Refused("Mindestens eine Person muss bleiben.")
        return [Edit(Kind.REMOVE, ("agents", _find(config, name)[0]))]

    return await change(request, body, edits)


_ENTRY = {key: key for key in ("name", "full_name", "office", "phone", "screen", "extension")}
"""Findings about one entry of the list stand at the field of the same name."""
_DEFAULTS = {"phone": "browser", "screen": "required"}


def _by_agent(config: HotlineConfig, given: Mapping[str, str]) -> dict[str, dict[str, str]]:
    known = skills_of(config)
    result: dict[str, dict[str, str]] = {}
    for key, choice in given.items():
        name, _, skill = key.partition(".")
        if skill not in known:
            raise Refused("Diese Fähigkeit gibt es nicht mehr. Bitte laden Sie die Seite neu.")
        result.setdefault(name, {})[skill] = choice
    return result


def _in_order(old: Sequence[str], new: Sequence[str]) -> list[str]:
    """What stays keeps its place; what is new comes after it."""
    return [*(skill for skill in old if skill in new), *(skill for skill in new if skill not in old)]


def _skill_edits(place: int, agent: Agent, first: list[str], second: list[str]) -> list[Edit]:
    result = []
    if first != agent.skills:
        result.append(Edit(Kind.SET, ("agents", place, "skills"), first))
    if second != agent.second_choice:
        result.append(_edit(("agents", place, "second_choice"), second))
    return result


def _edit(path: tuple[str | int, ...], value: Any) -> Edit:
    """An empty value takes the key away: its default holds."""
    return Edit(Kind.SET, path, value) if value else Edit(Kind.REMOVE, path)


def _find(config: HotlineConfig, name: str) -> tuple[int, Agent]:
    for place, agent in enumerate(config.agents):
        if agent.name == name:
            return place, agent
    raise Refused(_GONE)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value or "" for key, value in values.items()}


def _read(values: Mapping[str, Any], config: HotlineConfig, name: str) -> dict[str, str]:
    """What stands in the form of one agent; FormError with all findings."""
    read = {key: text(values, key, FULL_NAME_LENGTH).strip() for key in ("full_name", "office", "phone", "screen")}
    read["extension"] = text(values, "extension", FULL_NAME_LENGTH).strip()
    findings = {}
    if not read["full_name"]:
        findings["full_name"] = "Bitte geben Sie Vor- und Nachnamen an."
    if read["office"] not in {office.key for office in config.offices}:
        findings["office"] = "Bitte wählen Sie eine Geschäftsstelle."
    if read["phone"] not in set(PhoneKind):
        findings["phone"] = "Bitte wählen Sie ein Telefon."
    if read["screen"] not in set(ScreenNeed):
        findings["screen"] = "Bitte wählen Sie, ob die Seite offen sein muss."
    elif read["screen"] == ScreenNeed.OPTIONAL and read["phone"] != PhoneKind.DESK:
        findings["screen"] = "Ohne offene Seite geht es nur mit einem Tischtelefon."
    extension = read["extension"]
    if extension and not (extension.isascii() and extension.isdecimal() and 2 <= len(extension) <= EXTENSION_LENGTH):
        findings["extension"] = "Eine Durchwahl hat zwei bis vier Ziffern."
    elif extension.startswith("0"):
        findings["extension"] = "Eine Durchwahl beginnt nicht mit 0: Damit beginnen Nummern nach draußen."
    elif holders := [
        agent.full_name for agent in config.agents if extension and agent.extension == extension and agent.name != name
    ]:
        findings["extension"] = f"Diese Durchwahl hat schon {holders[0]}."
    if findings:
        raise FormError(findings)
    return read


def _name_findings(name: str, config: HotlineConfig) -> dict[str, str]:
    if not (WORD.fullmatch(name) and "." not in name and name[0].isascii() and name[0].islower()):
        return {"name": "Bitte nur Kleinbuchstaben a bis z, Ziffern und Bindestrich; zuerst ein Buchstabe."}
    if any(agent.name == name for agent in config.agents):
        return {"name": "Diesen Anmeldenamen gibt es schon."}
    return {}
