"""What is known before the examination: configuration, secrets, and whether a hotline runs. Nothing is created."""

import json
import os
from dataclasses import dataclass, field
from datetime import date

from config.loading import ConfigurationError, Finding, load
from config.schema import HotlineConfig
from hotline.state import Secrets, StateDirectory

START = "mit `make run` starten"


@dataclass(frozen=True, slots=True)
class Running:
    """What the running service left in the state directory."""

    pid: int
    database_url: str
    moved: bool


@dataclass(frozen=True, slots=True)
class Patient:
    state: StateDirectory
    today: date
    """The real day: support of Asterisk ends by the calendar, whatever business time says."""
    config: HotlineConfig | None
    findings: list[Finding]
    """What is wrong with the configuration."""
    secrets: Secrets | None = field(repr=False)
    secrets_problem: str = ""
    running: Running | None = None

    @property
    def known(self) -> HotlineConfig:
        """The configuration; only checks that need none are asked without it."""
        if self.config is None:
            raise LookupError("the configuration is broken")
        return self.config


def admit(state: StateDirectory, today: date) -> Patient:
    """Look at the state directory."""
    config, findings = _configuration(state)
    secrets, problem = _secrets(state)
    return Patient(state, today, config, findings, secrets, problem, _running(state))


def _configuration(state: StateDirectory) -> tuple[HotlineConfig | None, list[Finding]]:
    try:
        return load(state.config_file), []
    except ConfigurationError as error:
        return None, error.findings


def _secrets(state: StateDirectory) -> tuple[Secrets | None, str]:
    file = state.path / "secrets.json"
    try:
        return Secrets(**json.loads(file.read_text("utf-8"))), ""
    except FileNotFoundError:
        return None, "noch nicht angelegt"
    except PermissionError:
        return None, "für diesen Benutzer nicht lesbar"
    except (OSError, ValueError, TypeError):
        return None, "beschädigt"


def _running(state: StateDirectory) -> Running | None:
    try:
        note = json.loads((state.path / "running.json").read_text("utf-8"))
        found = Running(int(note["pid"]), str(note["database_url"]), bool(note["moved"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if _alive(found.pid) else None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return pid > 0
