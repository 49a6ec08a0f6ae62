"""Which Debian mirror this machine uses, read from its own apt sources each time and never stored."""

from collections.abc import Iterator
from pathlib import Path

APT = Path("/etc/apt")
_SCHEMES = ("http://", "https://", "file:/", "ftp://")


def mirrors(apt: Path = APT) -> list[str]:
    """Addresses of Debian archives (not of security updates) in the order in which apt reads them."""
    files = [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]
    found = [mirror for file in files if file.is_file() for mirror in _of_file(file)]
    return list(dict.fromkeys(found))


def _of_file(file: Path) -> Iterator[str]:
    text = file.read_text("utf-8", "replace")
    if file.suffix == ".sources":
        for stanza in text.split("\n\n"):
            yield from _of_stanza(stanza)
    elif file.suffix == ".list":
        for line in text.splitlines():
            yield from _of_line(line)


def _of_stanza(stanza: str) -> Iterator[str]:
    """One deb822 paragraph; a line that begins with a space continues the field before it."""
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line.startswith("#"):
            continue
        if line[:1].isspace():
            fields[name] = f"{fields.get(name, '')} {line}"
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.lower()
            fields[name] = value
    off = fields.get("enabled", "yes").strip().lower() in {"no", "false", "off", "0"}
    if not off and "deb" in fields.get("types", "").split():
        yield from _usable(fields.get("uris", "").split(), fields.get("suites", ""), fields.get("components", ""))


def _of_line(line: str) -> Iterator[str]:
    """One line `deb [options] URI SUITE COMPONENT…`."""
    words = line.partition("#")[0].split()
    if words[:1] != ["deb"]:
        return
    rest = words[1:]
    if rest and rest[0].startswith("["):
        end = next((index for index, word in enumerate(rest) if word.endswith("]")), len(rest))
        rest = rest[end + 1 :]
    if len(rest) >= 3:
        yield from _usable([rest[0]], rest[1], " ".join(rest[2:]))


def _usable(uris: list[str], suites: str, components: str) -> Iterator[str]:
    if "main" not in components.split() or "security" in suites:
        return
    yield from (uri.rstrip("/") for uri in uris if uri.startswith(_SCHEMES))
