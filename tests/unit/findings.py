"""One example of everything that `hotline check` and the review can find; docs/de/pruefung.md is made of it.

Written anew with: python -m tests.unit.findings > docs/de/pruefung.md
"""

from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from config.loading import ConfigurationError, Finding, parse
from config.tree import read
from routing.review import review
from tests.unit.findings_examples import ERRORS, MARK, WARNINGS, Example

SHIPPED = Path(__file__).parents[2] / "config" / "hotline.yaml"
NOW = datetime(2026, 11, 23, 9, tzinfo=ZoneInfo("Europe/Berlin"))
LONGEST = 90


FILES = [
    ("there is no such file; give the path of a configuration, for example config/hotline.yaml", "Den Pfad prüfen."),
    ("this is a directory; give the path of the configuration file in it", "Den Pfad der Datei angeben."),
    (
        "this file may not be read by the present user; check its owner and rights",
        "Besitzer und Rechte der Datei prüfen.",
    ),
    ("this file cannot be read (…); check path and disk", "Pfad und Datenträger prüfen."),
    ("this file is larger than 1,000,000 bytes, so it is no configuration of a hotline", "Den Pfad prüfen."),
    ("the byte 0xfc is not UTF-8; save the file in the encoding UTF-8", "Im Editor als UTF-8 speichern."),
]
"""What is said about a file as a whole, and what to do."""


def found(example: Example, shipped: str) -> list[Finding]:
    """All findings of an example: errors, else warnings."""
    text = example.text(shipped).replace(MARK, "")
    try:
        config = parse(text, "hotline.yaml")
    except ConfigurationError as error:
        return error.findings
    places = read(text)
    return [
        Finding("hotline.yaml", *places.position(path), ".".join(map(str, path)), message)
        for path, message in review(config, NOW)
    ]


@cache
def the_finding(example: Example, shipped: str) -> Finding:
    """The one the example is for: at its path, and at its mark when there is one."""
    findings = [finding for finding in found(example, shipped) if finding.path == example.path]
    place = position(example, shipped)
    return next(finding for finding in findings if place in (None, (finding.line, finding.col)))


def position(example: Example, shipped: str) -> tuple[int, int] | None:
    """Line and column of the mark."""
    before, mark, _ = example.text(shipped).partition(MARK)
    return (before.count("\n") + 1, len(before) - before.rfind("\n")) if mark else None


def page(shipped: str) -> str:
    lines = [HEAD]
    for title, examples in ERRORS.items():
        lines += ["", f"### {title}", "", *_table(examples, shipped)]
    lines += ["", "### Die Datei selbst", "", "| Meldung | Was zu tun ist |", "| --- | --- |"]
    lines += [f"| {_cell(message)} | {do} |" for message, do in FILES]
    lines += [WARNED]
    for title, examples in WARNINGS.items():
        lines += ["", f"### {title}", "", *_table(examples, shipped)]
    return "\n".join(lines) + "\n"


def _table(examples: list[Example], shipped: str) -> list[str]:
    rows = ["| Stelle | Beispiel | Meldung | Was zu tun ist |", "| --- | --- | --- | --- |"]
    for example in examples:
        finding = the_finding(example, shipped)
        written = example.text(shipped).replace(MARK, "").split("\n")[finding.line - 1].strip()
        rows.append(f"| `{finding.path}` | {_code(written)} | {_cell(finding.message)} | {example.do} |")
    return rows


def _code(text: str) -> str:
    printable = "".join(char if char.isprintable() else "·" for char in text).replace("|", "\\|")
    shown = printable if len(printable) <= LONGEST else printable[:LONGEST] + "…"
    return f"`{shown}`" if shown else "(leer)"


def _cell(text: str) -> str:
    shown = text if len(text) <= 3 * LONGEST else text[: 3 * LONGEST] + "…"
    return shown.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")


HEAD = """# Was die Prüfung findet

`hotline check DATEI` nennt alle Fehler einer Konfiguration auf einmal, je einen pro Zeile:

```
hotline.yaml:34:12: menu.retries: "9": at most 3 is allowed
```

Das sind Datei, Zeile, Spalte, Stelle in der Datei (Listeneinträge werden von 0 an gezählt), und was falsch und was
erlaubt ist. Dieselben Meldungen stehen auf den Seiten unter **Verwaltung** neben den Zeilen, und `hotline config
check` zeigt sie für den Entwurf. Ein Entwurf mit Fehlern lässt sich nicht in Kraft setzen.

Diese Seite wird aus den Beispielen der Tests erzeugt (`python -m tests.unit.findings > docs/de/pruefung.md`): Jedes
Beispiel ist die ausgelieferte Datei mit genau diesem Fehler.

## Fehler"""

WARNED = """
## Hinweise

Hinweise nennen, was erlaubt, aber wahrscheinlich nicht gemeint ist. `hotline check` schweigt dazu; sie stehen auf den
Seiten unter **Verwaltung**, und `hotline config check` nennt sie. In Kraft setzen lässt sich der Entwurf trotzdem."""


if __name__ == "__main__":
    print(page(SHIPPED.read_text(encoding="utf-8")), end="")
