"""The dialplan's part in transfers: where an agent's leg goes to consult somebody, and what telephones may dial.

Nothing here rings anybody whom the service has not chosen: `hotline-agent` is only reached by AMI, and dials what the
service wrote into a variable of that leg; `agent-phone` leads to the service whatever is dialled.

What an agent's telephone dials, and where it sends a caller (REFER), is matched by length and digits only: `_X.` would
let line breaks in, which forge AMI events. No extension `h` in that context: a caller could be sent to it and be lost.
"""

from config.schema import HotlineConfig
from config.telephone import canonical
from dialplan import conf, variables
from dialplan.facts import AsteriskFacts
from dialplan.media import MUSIC_CLASS
from dialplan.steps import Step, context, extension
from routing.numbers import NumberPlan

AGENT_LEG_CONTEXT = "hotline-agent"
"""Where agents' legs go when the service moves them."""
CONSULT_EXTENSION = "consult"
"""Dials variables.TARGET for variables.RING seconds."""
ALONE_EXTENSION = "alone"
"""Where a leg waits for the service: the agent's after consulting, the other one's when the agent hangs up."""

CONSULT_FAILED = "ConsultFailed"
"""Name (`UserEvent`) of the AMI event of a leg that reached nobody; `Uniqueid` is that of the agent's leg.

DialStatus is BUSY, NOANSWER, CHANUNAVAIL or CONGESTION. It follows a DialEnd that says the same, or stands alone: of a
telephone that is not registered Asterisk tells neither DialBegin nor DialEnd.
"""
WAIT_SECONDS = 30
"""A leg hears music while the service fetches it; without the service it is hung up after this time."""

PHONE_CONTEXT = "agent-phone"
"""What the telephones of agents dial and whither they send callers; the AGI path is INSIDE_PATH."""
INSIDE_PATH = "inside"
RECORD_CODE = "*77"
"""What an admin dials on an agent's telephone to record a prompt: no extension and no number."""
SHORTEST, LONGEST = 2, 17
"""Digits that a telephone may dial: an extension, or a whole number with its international prefix."""
AFTER_INSIDE = "hotline-inside"
_REFERRED_BY = "SIPREFERREDBYHDR"
"""Asterisk's variable; it becomes the header Referred-By."""
GATE = "hotline-in,gate,1"
"""Where it is decided whether a caller whose AGI session is over still needs somebody (extensions.py)."""


def transfer_contexts(config: HotlineConfig, facts: AsteriskFacts) -> list[str]:
    """Contexts for extensions.conf, each as text."""
    del facts
    return [_agent_legs(config), _phones(config), _after_inside()]


def presented(config: HotlineConfig) -> str | None:
    """Our own number as the gateway to the outside wants it; None when nobody outside is dialled."""
    ours = config.hotline
    number = canonical(ours.number, ours.country_code, ours.area_code)
    through = next((gateway for gateway in config.gateways if gateway.name == config.transfers.gateway), None)
    if number is None or through is None:
        return None
    return NumberPlan(ours.country_code, ours.area_code).outgoing(number, through.outgoing_format)


def _agent_legs(config: HotlineConfig) -> str:
    """Without `h`: nothing here is a pattern that could match it."""
    number = presented(config)
    caller_id: list[Step] = [] if number is None else [f"Set(CALLERID(all)=<{number}>)"]
    whom, seconds = f"${{{variables.TARGET}}}", f"${{{variables.RING}}}"
    wait: list[Step] = [f"MusicOnHold({MUSIC_CLASS},{WAIT_SECONDS})", "Hangup()"]
    return context(
        AGENT_LEG_CONTEXT,
        extension(
            CONSULT_EXTENSION,
            *caller_id,
            f"Dial({whom},{seconds},gF({AGENT_LEG_CONTEXT}^{ALONE_EXTENSION}^1))",
            f'GotoIf($["${{DIALSTATUS}}" = "ANSWER"]?{ALONE_EXTENSION},1)',
            f"UserEvent({CONSULT_FAILED},DialStatus: ${{DIALSTATUS}})",
            f"Goto({ALONE_EXTENSION},1)",
        ),
        extension(ALONE_EXTENSION, *wait),
    )


def _phones(config: HotlineConfig) -> str:
    agi = conf.host_port(config.network.agi.host, config.network.agi.port)
    steps = (
        f"Set({variables.NEXT}={variables.NEXT_QUEUE})",  # of a caller who is sent here it says that all is done
        f"Set({_REFERRED_BY}=)",  # would tell whoever is dialled next, a provider too, which agent it was
        f"AGI(agi://{agi}/{INSIDE_PATH})",
        f"Goto({AFTER_INSIDE},over,1)",
    )
    lengths = range(SHORTEST, LONGEST + 1)
    dialled = (RECORD_CODE, *(f"_{'X' * length}" for length in lengths))
    return context(PHONE_CONTEXT, *(extension(one, *steps) for one in dialled))


def _after_inside() -> str:
    """A caller goes on as after any session; an agent's telephone has nothing left to do."""
    return context(
        AFTER_INSIDE,
        extension("over", f'GotoIf($["${{{variables.GATEWAY}}}" = ""]?bye:{GATE})', ("bye", "Hangup()")),
    )
