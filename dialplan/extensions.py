"""The dialplan of arriving calls: which called numbers are ours, what is read from headers, who takes the caller.

Nothing is answered and nothing rings here. The service's first AGI command is ANSWER, so a caller hears the
dialled line until somebody can really speak to him, and a call that is refused costs the caller nothing.
A header's text only ever stands alone in a `Set`: there Asterisk does not evaluate it. LEN() turns it into a number
before it comes near an expression.
"""

import hashlib

from config.schema import Gateway, HotlineConfig
from dialplan import announcement, conf, fallback, happenings, variables
from dialplan.facts import AsteriskFacts
from dialplan.outgoing import outgoing_context
from dialplan.queue import answered_context
from dialplan.steps import QUIET_END, context, extension
from dialplan.transfers import INSIDE_PATH, transfer_contexts

HOTLINE_CONTEXT = "hotline-in"
OVER_CONTEXT = "hotline-over"
"""Runs when a caller's channel ends, however that came."""
AGI_CALL, AGI_RETURN, AGI_INSIDE = "call", "return", INSIDE_PATH
"""Paths of our AGI server: a new caller, one taken back from the fallback, what an agent's phone has dialled."""
STAMP_CONTEXT = "hotline-stamp"
_STAMP = "exten => "
_REFUSED = 34
"""Q.850 "no circuit available"; the provider hears 503 and can try another place."""


def gateway_context(gateway: Gateway) -> str:
    """Context in which calls of this gateway arrive."""
    return f"gateway-{gateway.name}"


def extensions_file(config: HotlineConfig, facts: AsteriskFacts) -> dict[str, str]:
    """extensions.conf."""
    contexts = [_gateway(gateway) for gateway in config.gateways]
    contexts += [_hotline(config), _over(), *fallback.fallback_contexts(config, facts), answered_context()]
    contexts += [*transfer_contexts(config, facts), outgoing_context(config)]
    general = conf.section(
        "general", {"static": True, "writeprotect": True, "autofallthrough": True, "clearglobalvars": False}
    )
    content = conf.text(general, announcement.INCLUDE, *contexts)
    return {"extensions.conf": f"{content}\n{_stamped(content)}"}


def stamp(content: str) -> str:
    """What names this dialplan, from its text: Asterisk can be asked whether it is the one it has."""
    return next(line for line in reversed(content.splitlines()) if line.startswith(_STAMP)).removeprefix(_STAMP)[:16]


def _stamped(content: str) -> str:
    """A context that nothing leads to, with one extension: a digest of everything before."""
    digest = hashlib.sha256(content.encode()).hexdigest()[:16]
    return context(STAMP_CONTEXT, extension(digest, "NoOp()"))


def arriving_numbers(gateway: Gateway) -> list[str]:
    """Every called number or pattern this gateway may use; the number a provider is told at registration included."""
    registered = [] if gateway.registration is None else [contact_user(gateway)]
    return list(dict.fromkeys([*gateway.called_numbers, *registered]))


def contact_user(gateway: Gateway) -> str:
    """What a provider we register at puts into the request URI: our first whole number, else the account's name."""
    whole = [number for number in gateway.called_numbers if "X" not in number]
    if whole:
        return whole[0]
    return "" if gateway.registration is None else gateway.registration.user


def _gateway(gateway: Gateway) -> str:
    start = "asserted" if gateway.trust_asserted_identity else "from"
    steps = (
        f"Set({variables.GATEWAY}={gateway.name})",
        f"Set({variables.CALLED}=${{EXTEN}})",
        f"Goto({HOTLINE_CONTEXT},{start},1)",
    )
    numbers = [extension(_pattern(number), *steps) for number in arriving_numbers(gateway)]
    return context(gateway_context(gateway), *numbers)  # without `h`, which could be dialled


def _pattern(number: str) -> str:
    return f"_{number}" if "X" in number else number


def _hotline(config: HotlineConfig) -> str:
    """`service` for a new caller; the service itself redirects one from the fallback to `return`."""
    header = "${PJSIP_HEADER(read,%s)}"
    asserted = extension(
        "asserted",
        f"Set({variables.FROM}={header % 'P-Asserted-Identity'})",
        f"GotoIf($[${{LEN(${{{variables.FROM}}})}} > 0]?service,1:from,1)",
    )
    plain = extension("from", f"Set({variables.FROM}={header % 'From'})", "Goto(service,1)")
    service = extension(
        "service",
        f'GotoIf($["${{GLOBAL({variables.DRAIN})}}" = "1"]?refused)',
        f"Set(CHANNEL(hangup_handler_push)={OVER_CONTEXT},s,1)",
        f"Set({variables.ARRIVED}=${{EPOCH}})",
        f"Set({variables.PRIVACY}={header % 'Privacy'})",
        f"GotoIf({_silent()}?{fallback.START})",
        _agi(config, AGI_CALL),
        "Goto(gate,1)",
        ("refused", f"Hangup({_REFUSED})"),
    )
    taken_back = extension(
        "return",
        happenings.tell(happenings.RETURNED),
        f"Set({variables.LANE}=)",
        _agi(config, AGI_RETURN),
        "Goto(gate,1)",
    )
    gate = extension("gate", f"GotoIf({_all_done()}?bye,1)", f"Goto({fallback.START})")
    bye = extension("bye", "Hangup()")
    return context(HOTLINE_CONTEXT, asserted, plain, service, taken_back, gate, bye, QUIET_END)


def _silent() -> str:
    """True when the service has given no sign of life for some time: it may hold a caller for ever.

    An Asterisk that has just started knows of no sign. Then the service is tried: one that is not there refuses.
    """
    alive = f"${{GLOBAL({variables.ALIVE})}}"
    return f'$["{alive}" != "" & ${{EPOCH}} - 0{alive} > {variables.ALIVE_PATIENCE}]'


def _agi(config: HotlineConfig, path: str) -> str:
    server = conf.host_port(config.network.agi.host, config.network.agi.port)
    return f"AGI(agi://{server}/{path})"


def _all_done() -> str:
    """True when the service ended on purpose: AGISTATUS is SUCCESS even when it was killed."""
    hung_up = f'"${{{variables.NEXT}}}"="{variables.NEXT_HANGUP}"'
    dialled = f'"${{{variables.NEXT}}}"="{variables.NEXT_DIAL}" & "${{DIALSTATUS}}"="ANSWER"'
    return f"$[{hung_up} | ({dialled})]"


def _over() -> str:
    said = {
        "lane": variables.LANE,
        "cause": "HANGUPCAUSE",
        "next": variables.NEXT,
        "dial": "DIALSTATUS",
        "talked": "ANSWEREDTIME",
    }
    told = happenings.tell(happenings.END, "".join(f"&{key}=${{{name}}}" for key, name in said.items()))
    return context(OVER_CONTEXT, extension("s", told, "Return()"), QUIET_END)
