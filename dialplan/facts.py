"""What the rendering must know beyond the configuration: directories, generated secrets, Asterisk's version."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import PurePath

ROOT = PurePath("/")
MEANT_BY_ASTERISK = frozenset(",;&|\"'\\$`{}[]()<>%=")
"""Characters with a meaning in the dialplan or in Asterisk's files; no directory may hold one."""


@dataclass(frozen=True, slots=True)
class Directories:
    """Absolute paths; all but `modules` and `data` belong to this hotline alone."""

    etc: PurePath
    run: PurePath
    lib: PurePath
    db: PurePath
    spool: PurePath
    log: PurePath
    modules: PurePath
    """Where the Asterisk in use keeps its modules."""
    data: PurePath
    """Where the Asterisk in use keeps its documentation, without which most modules refuse to start."""
    prompts: PurePath
    music: PurePath

    def __post_init__(self) -> None:
        for item in fields(self):
            path: PurePath = getattr(self, item.name)
            if not path.is_absolute():
                raise ValueError(f"Asterisk needs absolute directories, and this one is not: {path}")
            if set(str(path)) & MEANT_BY_ASTERISK or not str(path).isprintable():
                raise ValueError(f"Asterisk cannot use a directory with these characters in its name: {path}")


@dataclass(frozen=True, slots=True)
class AsteriskFacts:
    directories: Directories
    version: tuple[int, int]
    """Of the Asterisk in use, as (22, 10)."""
    system_name: str
    """Secret: stamps genuine AMI events, so that forged ones are told apart."""
    ami_user: str
    ami_secret: str = field(repr=False)
    phone_secrets: Mapping[str, str] = field(repr=False)
    """SIP password of each agent, by the agent's name."""
    now: datetime
    """Real time of the rendering, aware: the calendar in the dialplan begins here."""
    config_directory: PurePath = ROOT
    """Where the configuration file lies; the certificates it names are found from there."""
    gateway_secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Password of each gateway that we register at, by the gateway's name."""
    clock_offset: int = 0
    """Whole seconds by which business time is ahead of real time (`AT=`)."""
    further_modules: tuple[str, ...] = ()
    """Those of `dialplan.modules.FURTHER` that the Asterisk in use has."""

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("the rendering needs to know the time zone of its moment")
