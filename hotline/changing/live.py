"""The configuration that new calls begin with, and its sounds; both change while the service runs."""

from collections.abc import Callable, Iterable, Mapping

from config.schema import HotlineConfig
from hotline.setup.prompts import Prompt

Listener = Callable[[HotlineConfig], None]
"""Told of each new configuration at once. It must neither fail nor await."""


class Live:
    """Asked for each new call (`live()`, `live.sounds`); a call that goes on keeps what it began with."""

    def __init__(self, version: int, config: HotlineConfig, sounds: Mapping[str, str] | None = None) -> None:
        self._version, self._config, self._sounds = version, config, sounds or {}
        self.listeners: list[Listener] = []

    def __call__(self) -> tuple[int, HotlineConfig]:
        """Version and configuration now in use."""
        return self._version, self._config

    @property
    def version(self) -> int:
        return self._version

    @property
    def config(self) -> HotlineConfig:
        return self._config

    @property
    def sounds(self) -> Mapping[str, str]:
        """Which sound is heard by which prompt's name; see `heard_by_name`. Never changed."""
        return self._sounds

    def take(self, version: int, config: HotlineConfig, sounds: Mapping[str, str]) -> None:
        """From this moment on new calls begin with this one."""
        self._version, self._config, self._sounds = version, config, sounds
        for tell in self.listeners:
            tell(config)

    def hear(self, sounds: Mapping[str, str]) -> None:
        """From this moment on new calls hear these, under the same configuration."""
        self._sounds = sounds


def heard_by_name(prompts: Iterable[Prompt]) -> dict[str, str]:
    """Which sound a call is to hear by each prompt's name, both relative to the prompts' folder.

    What is not in it is heard under its own name, as what the lead announces.
    """
    return {prompt.name: prompt.content for prompt in prompts}
