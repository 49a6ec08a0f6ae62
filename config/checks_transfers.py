"""Decides whether callers can be handed on and rung back as configured: extensions, telephones, the way outside."""

import re
from collections.abc import Callable, Iterator

import phonenumbers
from phonenumbers import PhoneNumberType

from config.messages import suggestion
from config.schema import Gateway, HotlineConfig
from config.telephone import canonical

EMERGENCY = frozenset({"110", "112"})
_ORDINARY = {PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}

Path = tuple[str | int, ...]
Problem = tuple[Path, str]


def transfer_gateway_can_be_dialled(config: HotlineConfig) -> Iterator[Problem]:
    path, name = ("transfers", "gateway"), config.transfers.gateway
    if name is None:
        return
    names = [gateway.name for gateway in config.gateways]
    if name not in names:
        yield path, f'there is no gateway "{name}"{suggestion(name, names)}; allowed: {", ".join(names)}'
    elif _has_only_networks(config.gateways[names.index(name)]):
        yield path, f'the gateway "{name}" cannot be dialled: it needs a registration or one single address'


def _has_only_networks(gateway: Gateway) -> bool:
    """One without any address is found by `gateways_are_reachable`."""
    networks = ["/" in address for address in gateway.addresses]
    return gateway.registration is None and bool(networks) and all(networks)


def outside_needs_a_gateway(config: HotlineConfig) -> Iterator[Problem]:
    if config.transfers.gateway is not None:
        return
    if config.transfers.numbers:
        yield ("transfers", "numbers"), "numbers outside are dialled through a gateway: name it in transfers.gateway"
    for index, worker in enumerate(config.case_workers):
        if worker.phone is not None:
            path = ("case_workers", index, "phone")
            yield path, "case workers are dialled through a gateway: name it in transfers.gateway"


def extensions_reach_one_person(config: HotlineConfig) -> Iterator[Problem]:
    """What a telephone dials leads to one agent, and is nothing else."""
    taken: dict[str, str] = {}
    for index, agent in enumerate(config.agents):
        extension, path = agent.extension, ("agents", index, "extension")
        if extension is None:
            continue
        if extension in EMERGENCY:
            yield path, f'"{extension}" is an emergency number; take another extension'
        elif _is_called(extension, config):
            yield path, f'"{extension}" is a number under which the hotline is called; take another extension'
        elif extension in taken:
            yield path, f'"{extension}" is already the extension of {taken[extension]}; each may be used once'
        taken.setdefault(extension, f'the agent "{agent.name}"')
    for index, worker in enumerate(config.case_workers):
        if worker.phone in taken:
            path = ("case_workers", index, "phone")
            yield path, f'"{worker.phone}" is already the extension of {taken[worker.phone]}; each may be used once'


def _is_called(extension: str, config: HotlineConfig) -> bool:
    patterns = {config.hotline.number, *(number for gateway in config.gateways for number in gateway.called_numbers)}
    return any(re.fullmatch(re.escape(pattern).replace("X", "[0-9]"), extension) for pattern in patterns)


def case_workers_phones_may_be_called(config: HotlineConfig) -> Iterator[Problem]:
    for index, worker in enumerate(config.case_workers):
        why = None if worker.phone is None else _refusal(worker.phone, worker.has_inner_phone, config)
        if why is not None:
            yield ("case_workers", index, "phone"), f'"{worker.phone}" {why}'


def _refusal(phone: str, inner: bool, config: HotlineConfig) -> str | None:
    if phone in EMERGENCY:
        return "is an emergency number; callers are never handed on to one"
    if inner:
        return "is a number of the hotline itself" if _is_called(phone, config) else None
    ours = config.hotline
    number = canonical(phone, ours.country_code, ours.area_code)
    if number is None:
        return "is no valid number; write an extension of 2 to 6 digits, or a number with its area code"
    if number == canonical(ours.number, ours.country_code, ours.area_code):
        return "is the number of the hotline itself"
    parsed = phonenumbers.parse(number, None)
    if str(parsed.country_code) != ours.country_code or phonenumbers.number_type(parsed) not in _ORDINARY:
        return "is no fixed or mobile number of this country; service, premium and foreign numbers are not dialled"
    return None


def callback_distances_fit_the_tries(config: HotlineConfig) -> Iterator[Problem]:
    asked = config.callbacks
    if "distances_minutes" in asked.model_fields_set and len(asked.distances_minutes) > max(1, asked.tries - 1):
        most = max(1, asked.tries - 1)
        found = len(asked.distances_minutes)
        yield (
            ("callbacks", "distances_minutes"),
            f"{found} distances between {asked.tries} tries; at most {most} allowed",
        )


TRANSFER_RULES: tuple[Callable[[HotlineConfig], Iterator[Problem]], ...] = (
    transfer_gateway_can_be_dialled,
    outside_needs_a_gateway,
    extensions_reach_one_person,
    case_workers_phones_may_be_called,
    callback_distances_fit_the_tries,
)
