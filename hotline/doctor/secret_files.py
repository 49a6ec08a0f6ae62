"""Can the service read its passwords, and nobody else?"""

import stat
from collections.abc import Iterator
from pathlib import Path

from config.schema import HotlineConfig
from hotline.doctor.patient import START, Patient
from hotline.doctor.result import Result, bad, caution, good

PART = "Passwörter"


async def examine(patient: Patient) -> list[Result]:
    directory = patient.state.config_file.parent
    named = [(key, directory / file) for key, file in _named(patient.known)]
    return [_own(patient), *(judged(key, file) for key, file in named)]


def _named(config: HotlineConfig) -> Iterator[tuple[str, str]]:
    for gateway in config.gateways:
        if gateway.registration is not None:
            yield f"Gateway {gateway.name}", gateway.registration.secret_file
    if config.mail.secret_file is not None:
        yield "Mailserver", config.mail.secret_file


def _own(patient: Patient) -> Result:
    file = patient.state.path / "secrets.json"
    if patient.secrets is None and not file.exists():
        return caution(PART, f"{file} ist {patient.secrets_problem}", f"{START}: der erste Start legt sie an.")
    if patient.secrets is None:
        return bad(
            PART, f"{file} ist {patient.secrets_problem}", "aus der Sicherung wiederherstellen, Besitzer prüfen."
        )
    return judged("eigene", file)


def judged(whose: str, file: Path) -> Result:
    """One file: readable, not empty, and for its owner only."""
    part = f"{PART} ({whose})"
    try:
        empty, mode = not file.read_text("utf-8").strip(), file.stat().st_mode
    except FileNotFoundError:
        return bad(part, f"{file} fehlt", "anlegen: das Passwort allein, in einer Zeile; Modus 600.")
    except (OSError, UnicodeDecodeError) as error:
        return bad(part, f"{file} ist nicht lesbar ({type(error).__name__})", "Besitzer, Rechte und Inhalt prüfen.")
    if empty:
        return bad(part, f"{file} ist leer", "das Passwort hineinschreiben.")
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return caution(part, f"{file} ist auch für andere lesbar ({mode & 0o777:o})", f"chmod 600 {file}")
    return good(part, f"{file} lesbar, nur für den Besitzer")
