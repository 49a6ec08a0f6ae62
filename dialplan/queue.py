"""queues.conf: the queue of the fallback, with the telephones of those whose own intent is to be ready.

Members are not written here: the service adds each agent's telephone and pauses it unless the agent is ready
(Asterisk keeps that in its database). So nobody who is on break or at home is rung when the service is away.
"""

from config.schema import HotlineConfig
from dialplan import conf, happenings
from dialplan.facts import AsteriskFacts
from dialplan.fallback import QUEUE, QUEUE_CONTEXT
from dialplan.media import MUSIC_CLASS
from dialplan.steps import QUIET_END, context, extension

ANSWERED_CONTEXT = "hotline-answered"
"""Runs on the telephone that has answered, before it is connected."""
NOBODY = "paused,unavailable,invalid,unknown"
"""Who counts as not there; an agent who talks is there."""
_RETRY_SECONDS = 1
_ENDPOINT_PREFIX = "agent-"


def queue_files(config: HotlineConfig, facts: AsteriskFacts) -> dict[str, str]:
    """queues.conf, and the rules that Asterisk looks for beside it."""
    general: dict[str, conf.Value] = {"persistentmembers": True, "autofill": True, "log_membername_as_agent": False}
    return {
        "queues.conf": conf.text(conf.section("general", general), conf.section(QUEUE, _queue(config, facts))),
        "queuerules.conf": conf.text("; none"),
    }


def answered_context() -> str:
    """Writes down which agent has answered."""
    agent = f"${{CHANNEL(endpoint):{len(_ENDPOINT_PREFIX)}}}"
    told = f"CELGenUserEvent({happenings.ANSWERED},{happenings.CALL}&agent={agent})"
    return context(ANSWERED_CONTEXT, extension("s", told, "Return()"), QUIET_END)


def _queue(config: HotlineConfig, facts: AsteriskFacts) -> dict[str, conf.Value]:
    return {
        "strategy": "rrmemory",  # goes on with the next telephone: nobody who is away is rung first for ever
        "timeout": config.distribution.ring_seconds,
        "retry": _RETRY_SECONDS,
        "wrapuptime": config.distribution.wrap_up_seconds,
        "ringinuse": False,
        "autopause": False,  # the intent is the agent's own
        "joinempty": True,  # Asterisk would warn of every caller it does not let in
        "leavewhenempty": NOBODY,
        "context": QUEUE_CONTEXT,
        "membergosub": ANSWERED_CONTEXT,
        "musicclass": MUSIC_CLASS,
        "announce-frequency": 0,
        "announce-holdtime": False,
        "announce-position": False,
        "periodic-announce": f"{facts.directories.prompts}/callback_offer",
        "periodic-announce-frequency": config.line.position_every_seconds,
        "relative-periodic-announce": True,
        "reportholdtime": False,
    }
