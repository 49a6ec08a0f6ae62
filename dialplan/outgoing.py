"""The dialplan's part in calling back: the agent's own leg comes first, and dials the caller from here.

Only AMI's Originate leads into this context, and it dials what the service wrote into a variable of the agent's leg.
The caller hears nothing before both are there, and no leg stays behind alone: with either one the other one ends.
"""

from config.schema import HotlineConfig
from dialplan import variables
from dialplan.steps import Step, context, extension
from dialplan.transfers import presented

OUTGOING_CONTEXT = "hotline-outgoing"
CALLER_EXTENSION = "caller"
"""Dials variables.TARGET for variables.RING seconds."""
CALLER_DIALLED = "CallerDialled"
"""Name (`UserEvent`) of the AMI event that tells DialStatus when dialling the caller, or the talk, is over.

Of a gateway that cannot be reached Asterisk may tell neither DialBegin nor DialEnd.
"""


def outgoing_context(config: HotlineConfig) -> str:
    """The context as text. Without `h`: nothing here is a pattern that could match it."""
    number = presented(config)
    caller_id: list[Step] = [] if number is None else [f"Set(CALLERID(all)=<{number}>)"]
    steps: list[Step] = [
        *caller_id,
        f"Dial(${{{variables.TARGET}}},${{{variables.RING}}},g)",
        f"UserEvent({CALLER_DIALLED},DialStatus: ${{DIALSTATUS}})",
        "Hangup()",
    ]
    return context(OUTGOING_CONTEXT, extension(CALLER_EXTENSION, *steps))
