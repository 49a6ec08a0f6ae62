"""The dialplan: which called numbers are ours, what is read from headers, and what happens without the service.

Nothing is answered and nothing rings here. The service's first AGI command is ANSWER, so a caller hears the
dialled line until somebody can really speak to him, and a call that is refused costs the caller nothing.
A header's text only ever stands alone in a `Set`: there Asterisk does not evaluate it. LEN() turns it into a number
before it comes near an expression.
"""

from config.schema import Gateway, HotlineConfig
from dialplan import conf, variables
from dialplan.facts import AsteriskFacts

HOTLINE_CONTEXT = "hotline-in"
FALLBACK_CONTEXT = "hotline-fallback"
AGENT_CONTEXT = "agent-phone"
AGI_PATH = "call"
FALLBACK_PROMPT = "technical_problem"
_QUIET_END = "exten => h,1,NoOp()"
"""What runs when the caller hangs up here: nothing, and above all no second AGI session."""


def gateway_context(gateway: Gateway) -> str:
    """Context in which calls of this gateway arrive."""
    return f"gateway-{gateway.name}"


def extensions_file(config: HotlineConfig, facts: AsteriskFacts) -> dict[str, str]:
    """extensions.conf."""
    contexts = [_gateway(gateway) for gateway in config.gateways]
    contexts += [_hotline(config), _fallback(facts), _agent()]
    general = conf.section("general", {"static": True, "writeprotect": True, "autofallthrough": True})
    return {"extensions.conf": conf.text(general, *contexts)}


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
    numbers = [_extension(_pattern(number), *steps) for number in arriving_numbers(gateway)]
    return _context(gateway_context(gateway), *numbers)  # without `h`, which could be dialled


def _pattern(number: str) -> str:
    return f"_{number}" if "X" in number else number


def _hotline(config: HotlineConfig) -> str:
    agi = conf.host_port(config.network.agi.host, config.network.agi.port)
    header = "${PJSIP_HEADER(read,%s)}"
    asserted = _extension(
        "asserted",
        f"Set({variables.FROM}={header % 'P-Asserted-Identity'})",
        f"GotoIf($[${{LEN(${{{variables.FROM}}})}} > 0]?service,1:from,1)",
    )
    plain = _extension("from", f"Set({variables.FROM}={header % 'From'})", "Goto(service,1)")
    service = _extension(
        "service",
        f"Set({variables.PRIVACY}={header % 'Privacy'})",
        f"AGI(agi://{agi}/{AGI_PATH})",
        f"GotoIf({_all_done()}?bye,1)",
        f"Goto({FALLBACK_CONTEXT},call,1)",
    )
    return _context(HOTLINE_CONTEXT, asserted, plain, service, _extension("bye", "Hangup()"), _QUIET_END)


def _all_done() -> str:
    """True when the service ended on purpose: AGISTATUS is SUCCESS even when it was killed."""
    hung_up = f'"${{{variables.NEXT}}}"="{variables.NEXT_HANGUP}"'
    dialled = f'"${{{variables.NEXT}}}"="{variables.NEXT_DIAL}" & "${{DIALSTATUS}}"="ANSWER"'
    return f"$[{hung_up} | ({dialled})]"


def _fallback(facts: AsteriskFacts) -> str:
    prompt = facts.directories.prompts / FALLBACK_PROMPT
    return _context(FALLBACK_CONTEXT, _extension("call", "Answer()", f"Playback({prompt})", "Hangup()"), _QUIET_END)


def _agent() -> str:
    """Agents are called; what their phones dial leads nowhere (404)."""
    return _context(AGENT_CONTEXT)


def _context(name: str, *extensions: str) -> str:
    return "\n".join((f"[{name}]", *extensions)) + "\n"


def _extension(name: str, *applications: str) -> str:
    first, *others = applications
    return "\n".join((f"exten => {name},1,{first}", *(f" same => n,{step}" for step in others)))
