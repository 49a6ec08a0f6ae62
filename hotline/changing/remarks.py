"""What is to be said about a configuration's text before it is activated: errors, and what is perhaps not meant."""

from datetime import datetime

from config import tree
from config.loading import MAX_BYTES, ConfigurationError, bytes_of, parse
from config.schema import HotlineConfig
from hotline.changing.model import Remark, Severity
from routing.review import review

NAME = "hotline.yaml"
"""What findings call the text."""
TOO_LONG = f"Der Text ist länger als {MAX_BYTES} Byte und keine Konfiguration einer Hotline."


def judged(text: str, now: datetime) -> tuple[HotlineConfig | None, list[Remark]]:
    """The configuration, if it can be used, and all remarks in the order of the file. `now` is business time."""
    if bytes_of(text) > MAX_BYTES:
        return None, [Remark(Severity.ERROR, 0, 0, "", TOO_LONG)]
    try:
        config = parse(text, NAME)
    except ConfigurationError as error:
        return None, [Remark(Severity.ERROR, one.line, one.col, one.path, one.message) for one in error.findings]
    return config, _warnings(text, config, now)


def errors(remarks: list[Remark]) -> list[Remark]:
    """Those that keep the text from being activated."""
    return [remark for remark in remarks if remark.severity is Severity.ERROR]


def _warnings(text: str, config: HotlineConfig, now: datetime) -> list[Remark]:
    found = review(config, now)
    if not found:
        return []
    read = tree.read(text)
    remarks = [Remark(Severity.WARNING, *read.position(p), ".".join(map(str, p)), message) for p, message in found]
    return sorted(remarks, key=lambda remark: (remark.line, remark.col, remark.path))
