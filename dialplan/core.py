"""Asterisk's own files: where it keeps what, what it logs, and the small files whose absence it reports as errors."""

from dialplan import conf
from dialplan.facts import AsteriskFacts

_GERMAN_TONES = {
    "description": "Germany",
    "ringcadence": "1000,4000",
    "dial": "425",
    "busy": "425/480,0/480",
    "ring": "425/1000,0/4000",
    "congestion": "425/240,0/240",
    "callwaiting": "!425/200,!0/200,!425/200,!0/5000,!425/200,!0/200,!425/200,!0/5000",
    "record": "1400/80,0/15000",
    "info": "950/330,0/200,1400/330,0/200,1800/330,0/1000",
}


def core_files(facts: AsteriskFacts) -> dict[str, str]:
    """asterisk.conf, logger.conf, indications.conf, and what Asterisk expects even when it says nothing."""
    return {
        "asterisk.conf": _asterisk(facts),
        "logger.conf": _logger(),
        "indications.conf": _indications(),
        "cdr.conf": _one("general", {"enable": False}, "our own ledger counts the calls"),
        "features.conf": _one("general", {}, "no key codes during a conversation: the agents' page does it"),
        "ccss.conf": _one("general", {}, "no completion of calls to busy subscribers"),
        "acl.conf": conf.text("; no named access lists"),
        "geolocation.conf": conf.text("; no places of callers"),
        "statsd.conf": _one("general", {"enabled": False}, "figures come from the service"),
        "udptl.conf": _one("general", {}, "no fax"),
        "stasis.conf": conf.text("; as Asterisk has it"),
        "pjproject.conf": _one("startup", {"log_level": 2}, "what goes wrong inside the SIP library"),
    }


def _asterisk(facts: AsteriskFacts) -> str:
    own = facts.directories
    directories: dict[str, conf.Value] = {
        "astetcdir": str(own.etc),
        "astmoddir": str(own.modules),
        "astvarlibdir": str(own.lib),
        "astdbdir": str(own.db),
        "astkeydir": str(own.lib),
        "astdatadir": str(own.data),
        "astagidir": str(own.lib),
        "astspooldir": str(own.spool),
        "astrundir": str(own.run),
        "astlogdir": str(own.log),
    }
    options: dict[str, conf.Value] = {
        "systemname": facts.system_name,
        "live_dangerously": False,  # nobody runs a shell or writes a file through AMI, AGI or a header
        "execincludes": False,
        "nocolor": True,
        "hideconnect": True,
        "transmit_silence": True,  # a caller in a pause between prompts must not look dead to the provider
        "defaultlanguage": "de",
        "documentation_language": "en_US",
    }
    return conf.text(
        conf.section("directories", directories),
        conf.section("options", options),
    )


def _logger() -> str:
    """Only what somebody should read; SIP numbers appear there, so `hotline run` blanks them (asterisk_log.py)."""
    return conf.text(
        conf.section("general", {"dateformat": "%F %T", "queue_log": False, "appendhostname": False}),
        conf.section(
            "logfiles",
            {"console": "[json]notice,warning,error"},
            "Asterisk runs in the foreground; JSON, so that a line break in a called number begins no line of its own",
        ),
    )


def _indications() -> str:
    return conf.text(conf.section("general", {"country": "de"}), conf.section("de", _GERMAN_TONES))


def _one(name: str, settings: dict[str, conf.Value], comment: str) -> str:
    return conf.text(conf.section(name, settings, comment))
