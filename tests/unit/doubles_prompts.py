"""Prompts held in memory, with the rules of the real ones for names."""

from collections.abc import Mapping
from pathlib import Path

from config.schema import HotlineConfig
from hotline.changing.model import Heard, digest
from hotline.changing.recordings import NO_WAV, NOT_RECORDED, UNKNOWN
from hotline.errors import Refused
from ivr.prompts import catalogue


class FakePrompts:
    """Implements hotline.web.services.Prompts."""

    def __init__(self, config: HotlineConfig) -> None:
        self.config = config
        self.file: Path | None = None
        """What is heard, whatever the name."""
        self.kept: dict[str, bytes] = {}
        self.asked: list[tuple[str, str, str]] = []
        self.read_aloud: dict[str, str] = {}
        """Texts by name; None known for others."""

    async def heard(self) -> Mapping[str, Heard]:
        return {name: self._heard(name) for name in catalogue(self.config)}

    def sound(self, name: str) -> Path:
        self._known(name)
        if self.file is None:
            raise Refused(UNKNOWN)
        return self.file

    async def keep(self, author: str, name: str, content: bytes) -> None:
        self._known(name)
        if not content.startswith(b"RIFF"):
            raise Refused(NO_WAV)
        self.asked.append(("keep", author, name))
        self.kept[name] = content
        self.read_aloud.setdefault(name, catalogue(self.config)[name])

    async def remove(self, author: str, name: str) -> None:
        self._known(name)
        if name not in self.kept:
            raise Refused(NOT_RECORDED)
        self.asked.append(("remove", author, name))
        del self.kept[name]

    async def pin(self, author: str, name: str) -> str:
        self._known(name)
        self.asked.append(("pin", author, name))
        return "012345"

    def _heard(self, name: str) -> Heard:
        text = self.read_aloud.get(name)
        return Heard(2.5, name in self.kept, None if text is None else digest(text))

    def _known(self, name: str) -> None:
        if name not in catalogue(self.config):
            raise Refused(UNKNOWN)
