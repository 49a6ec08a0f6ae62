"""Where a hotline keeps what it knows: one directory with the configuration in use, database, secrets, sound files.

hotline.yaml        the configuration in use, copied from the shipped example at the first start
secrets.json        passwords and keys, made once, readable by the owner only
hotline.sqlite      the ledger; moved.sqlite while business time is moved by AT=, and moved.json its first passwords
begun.yaml          the configuration this run was started with
hotline.edited.yaml a file edited by hand, when there was a draft already; more of them as hotline.edited.2.yaml …
erasures.jsonl      which rows were erased, for backups that are restored; never restored itself
prompts/ music/     rendered sound files    recordings/  own WAVs, which win over the voice
asterisk/           everything of Asterisk's    mailbox/  mails of the demo mailbox
"""

import json
import os
import secrets
import shutil
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path

from config import checks
from hotline.errors import SetupError
from hotline.locks import exclusive

EXAMPLE = Path(__file__).resolve().parent.parent / "config" / "hotline.yaml"
DATABASE_URL = "HOTLINE_DATABASE_URL"
"""Environment variable that names a database other than the SQLite file, as postgresql+asyncpg://…"""
LEAD_ACCOUNT = checks.LEAD_ACCOUNT
"""The account that may lead, made at the first start beside those of the agents."""
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that are not mistaken for each other when read from a screen."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Generated once for each state directory; never in a log."""

    ami_secret: str = field(repr=False)
    system_name: str = field(repr=False)
    """Stamps Asterisk's genuine AMI events."""
    link_key: str = field(repr=False)
    """Signs the links in mails to case workers."""
    session_key: str = field(repr=False)
    """Signs what the pages need signed."""
    phone_secrets: dict[str, str] = field(default_factory=dict, repr=False)
    """SIP password of each agent."""
    initial_passwords: dict[str, str] = field(default_factory=dict, repr=False)
    """First password of each user; worth nothing once it was changed."""
    phone_secrets_since: str = field(default="", repr=False)
    """The day on which the softphones' secrets were made, as 2026-11-23."""


@dataclass(frozen=True, slots=True)
class StateDirectory:
    path: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", self.path.absolute())

    @property
    def config_file(self) -> Path:
        return self.path / "hotline.yaml"

    @property
    def prompts(self) -> Path:
        return self.path / "prompts"

    @property
    def recordings(self) -> Path:
        return self.path / "recordings"

    @property
    def music(self) -> Path:
        return self.path / "music"

    @property
    def asterisk(self) -> Path:
        return self.path / "asterisk"

    @property
    def trial_passwords(self) -> Path:
        """First passwords while business time is moved."""
        return self.path / "moved.json"

    @property
    def erasures_file(self) -> Path:
        return self.path / "erasures.jsonl"

    @property
    def mailbox(self) -> Path:
        return self.path / "mailbox"

    def database_url(self, moved: bool = False) -> str:
        """Database of the hotline; with moved business time always a file of its own."""
        if moved:
            return f"sqlite+aiosqlite:///{self.path / 'moved.sqlite'}"
        return os.environ.get(DATABASE_URL) or f"sqlite+aiosqlite:///{self.path / 'hotline.sqlite'}"

    def prepare(self) -> None:
        """Create what is missing; an existing configuration is never touched. SetupError when it cannot."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            for directory in (self.prompts, self.recordings, self.music, self.asterisk, self.mailbox):
                directory.mkdir(exist_ok=True)
            self.asterisk.chmod(0o700)
            self.mailbox.chmod(0o700)
            if not self.config_file.exists():
                _copy_whole(EXAMPLE, self.config_file)
        except OSError as error:
            raise SetupError(
                f"The state directory {self.path} cannot be used ({error.strerror}): "
                "give another one with --state, or correct its owner."
            ) from None

    def secrets(self, agents: Iterable[str] = ()) -> Secrets:
        """The secrets, those of these agents included; what is missing is made and stored first."""
        with exclusive(self.path / "secrets.lock"):
            known = self._stored_secrets()
            complete = _completed(known, list(agents))
            if complete != known:
                _write_private(self._secrets_file, json.dumps(asdict(complete), indent=1, sort_keys=True))
        return complete

    def renew_phone_secrets(self, agents: Iterable[str], day: date) -> bool:
        """New SIP passwords for these agents, unless theirs are of that day already; True when they are new."""
        with exclusive(self.path / "secrets.lock"):
            known = self._stored_secrets()
            if known is None or known.phone_secrets_since == day.isoformat():
                return False
            fresh = {name: secrets.token_urlsafe(18) for name in agents}
            renewed = replace(known, phone_secrets=known.phone_secrets | fresh, phone_secrets_since=day.isoformat())
            _write_private(self._secrets_file, json.dumps(asdict(renewed), indent=1, sort_keys=True))
        return True

    def renew_secrets(self, names: Iterable[str], *, phones: bool = True) -> Secrets:
        """Other first passwords for these users, and other ones for their telephones: the old ones open nothing again.

        `phones=False`: those stay.
        """
        with exclusive(self.path / "secrets.lock"):
            base, these = self._stored_secrets() or _fresh(), list(names)
            fresh = {name: secrets.token_urlsafe(18) for name in these} if phones else {}
            renewed = replace(
                base,
                initial_passwords=base.initial_passwords | {name: _password() for name in these},
                phone_secrets=base.phone_secrets | fresh,
            )
            _write_private(self._secrets_file, json.dumps(asdict(renewed), indent=1, sort_keys=True))
        return renewed

    def forget_secrets(self, but: Collection[str]) -> None:
        """Passwords of everybody else, who is neither an agent nor has an account: nobody inherits them."""
        self._keep_secrets(lambda name: name in but)

    def forget_secrets_of(self, gone: str) -> None:
        """Nobody who gets this name inherits a password, nor that of a telephone."""
        self._keep_secrets(lambda name: name != gone)

    def _keep_secrets(self, whose: Callable[[str], bool]) -> None:
        with exclusive(self.path / "secrets.lock"):
            known = self._stored_secrets()
            if known is None or all(map(whose, (*known.phone_secrets, *known.initial_passwords))):
                return
            kept = replace(
                known,
                phone_secrets={name: one for name, one in known.phone_secrets.items() if whose(name)},
                initial_passwords={name: one for name, one in known.initial_passwords.items() if whose(name)},
            )
            _write_private(self._secrets_file, json.dumps(asdict(kept), indent=1, sort_keys=True))

    def phone_secrets(self) -> dict[str, str]:
        """The SIP password of each agent as it is now."""
        known = self._stored_secrets()
        return {} if known is None else known.phone_secrets

    @property
    def _secrets_file(self) -> Path:
        return self.path / "secrets.json"

    def _stored_secrets(self) -> Secrets | None:
        try:
            return Secrets(**json.loads(self._secrets_file.read_text("utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise SetupError(
                f"{self._secrets_file} cannot be read ({type(error).__name__}): restore it from a backup; "
                "without it, links already mailed and passwords already given out stop working."
            ) from None


def _completed(known: Secrets | None, agents: list[str]) -> Secrets:
    base = known or _fresh()
    return replace(
        base,
        phone_secrets={name: secrets.token_urlsafe(18) for name in agents} | base.phone_secrets,
        initial_passwords={name: _password() for name in (*agents, LEAD_ACCOUNT)} | base.initial_passwords,
    )


def _fresh() -> Secrets:
    return Secrets(
        ami_secret=secrets.token_urlsafe(24),
        system_name=f"hotline-{secrets.token_hex(8)}",
        link_key=secrets.token_urlsafe(32),
        session_key=secrets.token_urlsafe(32),
    )


def _password() -> str:
    """Three groups of five, 74 bits: long enough to be safe, short enough to be typed once."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(5)) for _ in range(3))


def _write_private(path: Path, content: str) -> None:
    """Whole or not at all, readable by the owner only."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _copy_whole(source: Path, target: Path) -> None:
    draft = target.with_suffix(".new")
    shutil.copyfile(source, draft)
    draft.replace(target)
