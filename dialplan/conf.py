"""How a value is written into Asterisk's configuration files, so that no value can become a second setting."""

from collections.abc import Mapping, Sequence

Value = str | int | bool | Sequence[str] | None
"""A list repeats the key, None leaves it out, a truth value becomes yes or no."""

HEADER = "; Written at every start from hotline.yaml: change that file, not this one.\n"


def text(*parts: str) -> str:
    """One configuration file of these sections."""
    return "\n".join((HEADER, *parts))


def section(name: str, settings: Mapping[str, Value], comment: str = "") -> str:
    """`[name]` and its settings, in order."""
    lines = [f"; {comment}"] if comment else []
    lines.append(f"[{_plain(name)}]")
    for key, value in settings.items():
        lines.extend(f"{key} = {written}" for written in _written(value))
    return "\n".join(lines) + "\n"


def escaped(value: str) -> str:
    """`value` as Asterisk reads it back: `;` would begin a comment. ValueError for line breaks and controls."""
    return _plain(value).replace(";", "\\;")


def host_port(host: str, port: int) -> str:
    """`host:port`, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _written(value: Value) -> list[str]:
    if value is None:
        return []
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if isinstance(value, str | int):
        return [escaped(str(value))]
    return [escaped(item) for item in value]


def _plain(value: str) -> str:
    if not value.isprintable():
        raise ValueError("a setting for Asterisk holds a line break or another control character")
    return value
