"""How Asterisk's log lines are shown: short, harmless to a terminal, without numbers and names of callers.

Asterisk writes what a SIP header held into some warnings; the law and our own rules keep personal data out of logs.
"""

import re
from collections.abc import Callable

_LINE = re.compile(
    r"^\[[^\]]*\] (?P<level>[A-Z]+)\[\d+\](?:\[C-[0-9a-f]+\])?: (?P<file>[\w/.-]+):\d+ \w+: (?P<text>.*)$"
)
_NAMED_ADDRESS = re.compile(r'"[^"]*"\s*(?=<)')
_USER_PART = re.compile(r"\b(?P<scheme>sips?:)[^@>;\s]*(?=@)|\b(?P<tel>tel:)[^>;\s]*", re.IGNORECASE)
_NUMBER = re.compile(r"\+?\d(?:[ /-]?\d){5,}")
_HARMLESS = re.compile(
    r"Could not find option 'minimum_size'|^PBX UUID|^Executing last minute|^Asterisk cleanly ending"
)


def readable(line: str) -> str:
    """One line fit to be shown; "" for one that tells nobody anything."""
    if _HARMLESS.search(line):
        return ""
    clean = "".join(ch if ch.isprintable() else "?" for ch in line).strip()
    parts = _LINE.match(clean)
    if parts is None:
        return _without_persons(clean)
    return f"{parts['level'].lower()}: {_without_persons(parts['text'])} ({parts['file']})"


def relay(show: Callable[[str], None]) -> Callable[[str], None]:
    """Pass Asterisk's lines to `show`; notices only after the start, during which they are routine."""
    started = False

    def take(line: str) -> None:
        nonlocal started
        started = started or line.startswith("Asterisk Ready")
        text = readable(line)
        if text and (started or not text.startswith("notice:")):
            show(text)

    return take


def _without_persons(text: str) -> str:
    text = _NAMED_ADDRESS.sub("", text)
    text = _USER_PART.sub(lambda found: f"{found['scheme'] or found['tel']}…", text)
    return _NUMBER.sub("…", text)
