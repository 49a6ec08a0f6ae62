"""What accounts begin with: each hotline has its own passwords, and a trial others, which it changes alone.

Telephones have their passwords in common, as a trial uses the same ones: it neither renews nor forgets any.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

from hotline.changing.config_file import write_whole
from hotline.errors import SetupError
from hotline.locks import exclusive
from hotline.state import Secrets, StateDirectory
from hotline.workplace.passwords import new_password


class FirstPasswords:
    """Those of a state directory; `trial`: of its trial, which begin as copies. SetupError, OSError."""

    def __init__(self, state: StateDirectory, *, trial: bool) -> None:
        self._state, self._trial = state, trial

    def secrets(self, agents: Iterable[str] = ()) -> Secrets:
        """All secrets, with those of these agents; what is missing is made."""
        shared = self._state.secrets(agents)
        return self._with_own(shared, {}) if self._trial else shared

    def renewed(self, names: Iterable[str], *, phones: bool) -> Secrets:
        """Other ones for these users; `phones`: for their telephones, too, which a trial leaves as they are."""
        if not self._trial:
            return self._state.renew_secrets(names, phones=phones)
        return self._with_own(self._state.secrets(), {name: new_password() for name in names})

    def forget(self, but: Collection[str]) -> None:
        """What belonged to everybody else, who is neither an agent nor has an account: nobody inherits it."""
        if not self._trial:
            self._state.forget_secrets(but)

    def _with_own(self, shared: Secrets, fresh: dict[str, str]) -> Secrets:
        with exclusive(self._state.path / "secrets.lock"):
            known = _read(self._state.trial_passwords)
            own = shared.initial_passwords | known | fresh
            if own != known:
                write_whole(self._state.trial_passwords, json.dumps(own, indent=1, sort_keys=True).encode())
        return replace(shared, initial_passwords=own)


def _read(file: Path) -> dict[str, str]:
    try:
        return {str(name): str(password) for name, password in json.loads(file.read_text("utf-8")).items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        raise SetupError(
            f"{file} cannot be read ({type(error).__name__}): delete it, and give new passwords with "
            "`hotline user password NAME` while the trial runs."
        ) from None
