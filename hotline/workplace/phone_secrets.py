"""The softphones' SIP passwords as they are now: our parent makes new ones each night, while the service runs."""

from collections.abc import Iterator, Mapping

from hotline.state import StateDirectory


class PhoneSecrets(Mapping[str, str]):
    """By agent's name, read from the state directory each time: it is asked for a few times a day only."""

    def __init__(self, state: StateDirectory) -> None:
        self._state = state

    def __getitem__(self, agent: str) -> str:
        return self._known()[agent]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known())

    def __len__(self) -> int:
        return len(self._known())

    def _known(self) -> dict[str, str]:
        return self._state.phone_secrets()
