"""The configuration that new calls begin with; it changes while the service runs."""

from collections.abc import Callable

from config.schema import HotlineConfig

Listener = Callable[[HotlineConfig], None]
"""Told of each new configuration at once. It must neither fail nor await."""


class Live:
    """Asked for each new call (`live()`); a call that goes on keeps what it began with."""

    def __init__(self, version: int, config: HotlineConfig) -> None:
        self._version, self._config = version, config
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

    def take(self, version: int, config: HotlineConfig) -> None:
        """From this moment on new calls begin with this one."""
        self._version, self._config = version, config
        for tell in self.listeners:
            tell(config)
