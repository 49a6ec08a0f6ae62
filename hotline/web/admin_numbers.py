"""Which numbers and switches of the configuration stand on the page about distribution, and what each of them means."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from config.schema import Then

THEN = {
    Then.OFFER.value: "Rückruf anbieten; wer nicht will, wartet weiter",
    Then.END.value: "Rückruf anbieten, dann beenden",
}


@dataclass(frozen=True, slots=True)
class Number:
    """A number; `least` to `most` are what the schema allows, which a test compares."""

    path: str
    label: str
    unit: str
    hint: str
    least: float
    most: float
    optional: bool = False
    decimal: bool = False
    kind: str = "number"


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that is on or off, or one of `choices`."""

    path: str
    label: str
    hint: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return "choice" if self.choices else "switch"


_SAME = "distribution.same_agent"
GROUPS: dict[str, tuple[Number | Switch, ...]] = {
    "Klingeln und Nacharbeit": (
        Number(
            "distribution.ring_seconds",
            "So lange klingelt es bei einer Person",
            "Sekunden",
            "Danach geht der Anruf zur nächsten; wer nicht abgenommen hat, gilt als nicht bereit.",
            5,
            60,
        ),
        Number(
            "distribution.wrap_up_seconds",
            "Zeit zum Aufschreiben nach einem Gespräch",
            "Sekunden",
            "Einzelne Anliegen können eine eigene Zeit haben; sie steht in der Datei.",
            0,
            3600,
        ),
        Number(
            "distribution.screen_seconds",
            "So lange darf die Seite brauchen, um den Anruf zu zeigen",
            "Sekunden",
            "Danach geht das Angebot an die nächste Person.",
            0.1,
            5,
            decimal=True,
        ),
        Number(
            "distribution.pause_minutes",
            "Hinweis bei langer Pause nach",
            "Minuten",
            "Leer: kein Hinweis. Eine Pause wird nie von selbst beendet.",
            1,
            600,
            optional=True,
        ),
    ),
    "Wer bekommt den Anruf": (
        Number(
            "distribution.second_choice_after_seconds",
            "2. Wahl nach einer Wartezeit von",
            "Sekunden",
            "Erst dann klingelt es auch bei denen, die das Anliegen nur als 2. Wahl übernehmen.",
            0,
            3600,
        ),
        Switch(
            _SAME,
            "Wer schon einmal angerufen hat, kommt möglichst zu derselben Person",
            "Nur wenn diese Person bald frei ist. Aus: Niemand wird bevorzugt.",
        ),
        Number(
            f"{_SAME}.wait_seconds",
            "So lange wartet der Anruf auf diese Person",
            "Sekunden",
            "0: nur wenn sie sofort frei ist.",
            0,
            600,
        ),
        Switch(f"{_SAME}.promise", "Bei einer offenen Zusage: wer das Anliegen aufgenommen hat"),
        Number(
            f"{_SAME}.number_days",
            "Dieselbe Telefonnummer, letztes Gespräch vor höchstens",
            "Tagen",
            "0: Die Nummer spielt keine Rolle.",
            0,
            90,
        ),
    ),
    "Was Wartende hören": (
        Number(
            "line.position_every_seconds",
            "Platz in der Reihe ansagen alle",
            "Sekunden",
            "Dazwischen läuft Musik.",
            1,
            86_400,
        ),
        Switch(
            "line.expected_wait",
            "Erwartete Wartezeit ansagen",
            "In runden Minuten, nach dem Tempo der letzten halben Stunde.",
        ),
        Switch("line.keep_place", "Rückruf anbieten, bei dem der Platz erhalten bleibt", "Mit der Stern-Taste."),
    ),
    "Grenzen des Wartens": (
        Number(
            "line.nobody_ready_seconds",
            "Niemand ist bereit, seit",
            "Sekunden",
            "Niemand angemeldet, oder alle haben Pause.",
            1,
            86_400,
        ),
        Switch("line.nobody_ready_then", "Wenn niemand bereit ist", choices=THEN),
        Number(
            "line.longest_wait_seconds", "Längste Wartezeit", "Sekunden", "900 Sekunden sind 15 Minuten.", 1, 86_400
        ),
        Switch("line.longest_wait_then", "Wenn die längste Wartezeit erreicht ist", choices=THEN),
        Number(
            "line.most_waiting",
            "Die Reihe ist voll bei",
            "Wartenden",
            "Gezählt werden die, die auf dieselben Personen warten. Leer: nie voll.",
            1,
            10_000,
            optional=True,
        ),
        Switch("line.most_waiting_then", "Wenn die Reihe voll ist", choices=THEN),
        Number(
            "line.after_closing_seconds",
            "Nach Dienstschluss werden Wartende noch bedient für",
            "Sekunden",
            "1200 Sekunden sind 20 Minuten.",
            0,
            86_400,
        ),
        Switch("line.after_closing_then", "Wenn diese Zeit nach Dienstschluss um ist", choices=THEN),
    ),
}
NUMBERS = [one for fields in GROUPS.values() for one in fields if isinstance(one, Number)]
SWITCHES = [one for fields in GROUPS.values() for one in fields if isinstance(one, Switch)]
