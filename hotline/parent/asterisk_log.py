"""How Asterisk's log lines are shown: short, harmless to a terminal, without numbers and names of callers.

Asterisk writes what a SIP header held into some warnings; the law and our own rules keep personal data out of logs.
It logs as JSON (dialplan/core.py), one message a line: otherwise an encoded line break in a called number would
begin a line that looks like Asterisk's own. Only what it says before it has read logger.conf is plain.
"""

import json
import re
from collections.abc import Callable

_LINE = re.compile(
    r"^\[[^\]]*\] (?P<level>[A-Z]+)\[\d+\](?:\[C-[0-9a-f]+\])?: (?P<file>[\w/.-]+):\d+ \w+: (?P<text>.*)$"
)
_NAMED_ADDRESS = re.compile(r'"[^"]*"\s*(?=<)')
_USER_PART = re.compile(r"\b(?P<scheme>sips?:)[^@>;\s]*(?=@)|\b(?P<tel>tel:)[^>;\s]*", re.IGNORECASE)
_DIALLED = re.compile(r"(?<=to extension ').*(?=' rejected)")
_NUMBER = re.compile(r"\+?\d(?:[ /-]?\d){5,}")
_HARMLESS = re.compile(
    r"Could not find option 'minimum_size'|^PBX UUID|^Executing last minute|^Asterisk cleanly ending|"
    r"^The FD we were waiting for has something waiting"  # how we end WAIT FOR DIGIT
)


def readable(line: str) -> str:
    """One line fit to be shown; "" for one that tells nobody anything."""
    level, file, said = _parts(line)
    if _HARMLESS.search(said):
        return ""
    text = _without_persons("".join(ch if ch.isprintable() else "?" for ch in said).strip())
    return f"{level}: {text} ({file})" if level else text


def _parts(line: str) -> tuple[str, str, str]:
    """Level and source file ("" for what is no warning of any kind), and the text."""
    try:
        said = json.loads(line)["logmsg"]
        level, file, text = str(said["level"]).lower(), str(said["location"]["filename"]), str(said["message"])
    except (ValueError, LookupError, TypeError, RecursionError):
        plain = _LINE.match(line)
        return (plain["level"].lower(), plain["file"], plain["text"]) if plain else ("", "", line)
    return ("", "", text.strip()) if level == "verbose" else (level, file, text.strip())


def relay(show: Callable[[str], None]) -> Callable[[str], None]:
    """Pass Asterisk's lines to `show`; notices only after a start, during which they are routine."""
    started = False

    def take(line: str) -> None:
        nonlocal started
        text = readable(line)
        started = (started or text.startswith("Asterisk Ready")) and not text.startswith("Asterisk is now restarting")
        if text and (started or not text.startswith("notice:")):
            show(text)

    return take


def _without_persons(text: str) -> str:
    text = _DIALLED.sub("…", _NAMED_ADDRESS.sub("", text))
    text = _USER_PART.sub(lambda found: f"{found['scheme'] or found['tel']}…", text)
    return _NUMBER.sub("…", text)
