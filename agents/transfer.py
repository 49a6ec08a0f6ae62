"""Decides to whom an agent may hand a caller on: colleagues, case workers with a telephone, and numbers if allowed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from config.schema import Agent, CaseWorker, Gateway, HotlineConfig
from config.telephone import canonical
from routing.numbers import NumberPlan

_SEPARATORS = re.compile(r"[ /()-]")
_WRITTEN = re.compile(r"\+?[0-9]{3,17}", re.ASCII)
_DIGITS = re.compile(r"[0-9]{2,17}", re.ASCII)


class TargetKind(StrEnum):
    """Who is to get the caller."""

    AGENT = "agent"
    CASE_WORKER = "case_worker"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Target:
    """Somebody to whom a caller may be handed on."""

    kind: TargetKind
    key: str
    """The agent's name, the case worker's e-mail address, or the number in E.164."""
    label: str
    """As the page shows it."""
    dialled: str
    """The extension or number, as people write it; "" for agents without one."""
    dial: str
    """What Asterisk dials: `PJSIP/agent-ben`, `PJSIP/9830@gateway-haus`."""
    presents: str = ""
    """Our number as the gateway wants it, to be shown to whoever is called; "" for agents, who are called inside."""


class TargetError(ValueError):
    """Nobody can be reached there; the text is a German sentence for the agent."""


def resolve(config: HotlineConfig, kind: str, value: str) -> Target:
    """Whom the agent has chosen on the page: an agent's name, a case worker's key, or a number as people write it.

    TargetError when it is nobody whom we may dial.
    """
    match kind:
        case TargetKind.AGENT:
            return _first(_agents(config), value, "Diese Person gibt es im Telefonservice nicht.")
        case TargetKind.CASE_WORKER:
            return _first(iter(targets(config)), value, "Dorthin gibt es keine Telefonverbindung.")
        case TargetKind.NUMBER:
            return _number(config, _SEPARATORS.sub("", value))
    raise TargetError("Dorthin kann nicht verbunden werden.")


def by_extension(config: HotlineConfig, digits: str) -> Target | None:
    """Whom an agent's telephone has dialled; None when it is nobody whom we may dial."""
    if not _DIGITS.fullmatch(digits):
        return None
    for target, number in _reachable(config):
        if digits == number or (number.startswith("+") and _canonical(config, digits) == number):
            return target
    try:
        return _number(config, digits)
    except TargetError:
        return None


def targets(config: HotlineConfig) -> list[Target]:
    """Every case worker who can be called, in the order of the configuration; nobody twice."""
    found: dict[str, Target] = {}
    for worker in config.case_workers:
        target = _case_worker(config, worker)
        if target is not None:
            found.setdefault(target.key, target)
    return list(found.values())


def numbers_allowed(config: HotlineConfig) -> bool:
    """Whether agents may enter numbers themselves."""
    return config.transfers.numbers and _gateway(config) is not None


def _first(candidates: Iterator[Target], key: str, otherwise: str) -> Target:
    for target in candidates:
        if target.key == key:
            return target
    raise TargetError(otherwise)


def _reachable(config: HotlineConfig) -> Iterator[tuple[Target, str]]:
    """Agents and case workers with their extension, or number in E.164."""
    for agent in config.agents:
        if agent.extension is not None:
            yield _agent(agent), agent.extension
    for worker in config.case_workers:
        target = _case_worker(config, worker)
        if target is not None and worker.phone is not None:
            yield target, worker.phone if worker.has_inner_phone else _canonical(config, worker.phone) or ""


def _agents(config: HotlineConfig) -> Iterator[Target]:
    return (_agent(agent) for agent in config.agents)


def _agent(agent: Agent) -> Target:
    return Target(TargetKind.AGENT, agent.name, agent.full_name, agent.extension or "", f"PJSIP/agent-{agent.name}")


def _case_worker(config: HotlineConfig, worker: CaseWorker) -> Target | None:
    """None without a telephone that we may call."""
    gateway = _gateway(config)
    if gateway is None or worker.phone is None:
        return None
    if worker.has_inner_phone:
        return _outside(config, gateway, TargetKind.CASE_WORKER, worker.email, worker.name, worker.phone, worker.phone)
    number = _canonical(config, worker.phone)
    if number is None or not _may_be_called(config, number):
        return None
    plan = _plan(config)
    dialled = plan.outgoing(number, gateway.outgoing_format)
    return _outside(config, gateway, TargetKind.CASE_WORKER, worker.email, worker.name, plan.display(number), dialled)


def _number(config: HotlineConfig, written: str) -> Target:
    gateway, plan = _gateway(config), _plan(config)
    if gateway is None or not config.transfers.numbers:
        raise TargetError("Zu Nummern außerhalb darf nicht verbunden werden.")
    if not _WRITTEN.fullmatch(written) or written[0] not in "+0":
        raise TargetError("Bitte die Nummer mit Vorwahl eingeben, zum Beispiel 05721 9824.")
    number = _canonical(config, written)
    if number is None or not _may_be_called(config, number):
        raise TargetError(
            "Diese Nummer kann nicht gewählt werden. Erlaubt sind Festnetz- und Mobilnummern im Inland, "
            "nicht unsere eigene."
        )
    dialled = plan.outgoing(number, gateway.outgoing_format)
    display = plan.display(number)
    return _outside(config, gateway, TargetKind.NUMBER, number, display, display, dialled)


def _outside(
    config: HotlineConfig, gateway: Gateway, kind: TargetKind, key: str, label: str, written: str, digits: str
) -> Target:
    ours = _canonical(config, config.hotline.number)
    presents = "" if ours is None else _plan(config).outgoing(ours, gateway.outgoing_format)
    return Target(kind, key, label, written, f"PJSIP/{digits}@gateway-{gateway.name}", presents)


def _may_be_called(config: HotlineConfig, number: str) -> bool:
    """Ordinary numbers of our own country; not our own, which would come back to us as a caller."""
    return number != _canonical(config, config.hotline.number) and _plan(config).may_call_back(number)


def _gateway(config: HotlineConfig) -> Gateway | None:
    return next((gateway for gateway in config.gateways if gateway.name == config.transfers.gateway), None)


def _canonical(config: HotlineConfig, number: str) -> str | None:
    return canonical(number, config.hotline.country_code, config.hotline.area_code)


def _plan(config: HotlineConfig) -> NumberPlan:
    return NumberPlan(config.hotline.country_code, config.hotline.area_code)
