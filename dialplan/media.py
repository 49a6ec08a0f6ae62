"""What carries the sound: RTP's ports and protection, and the music callers hear while they wait."""

from config.schema import HotlineConfig
from dialplan import conf
from dialplan.facts import AsteriskFacts

MUSIC_CLASS = "hotline"
"""Class of music for waiting callers."""


def media_files(config: HotlineConfig, facts: AsteriskFacts) -> dict[str, str]:
    """rtp.conf and musiconhold.conf."""
    return {"rtp.conf": _rtp(config), "musiconhold.conf": _music(facts)}


def _rtp(config: HotlineConfig) -> str:
    """`strictrtp` keeps strangers from speaking into a call; ICE without STUN: browsers reach us directly.

    RTP begins on an even port.
    """
    ports = config.network.rtp
    return conf.text(
        conf.section(
            "general",
            {"rtpstart": ports.start + ports.start % 2, "rtpend": ports.end, "strictrtp": True, "icesupport": True},
        )
    )


def _music(facts: AsteriskFacts) -> str:
    """`default` is what Asterisk plays by itself when an agent presses hold."""
    settings: dict[str, conf.Value] = {
        "mode": "files",
        "directory": str(facts.directories.music),
        "sort": "alpha",
    }
    return conf.text(conf.section(MUSIC_CLASS, settings), conf.section("default", settings))
