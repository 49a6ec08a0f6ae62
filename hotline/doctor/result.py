"""What an examination finds: one line for each part, and for anything that is not good what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How it stands with a part; the words the operator reads."""

    GOOD = "gut"
    CAUTION = "Achtung"
    """Works, or does not run just now, but somebody should know."""
    BAD = "Fehler"
    """The hotline cannot do its work like this."""


@dataclass(frozen=True, slots=True)
class Result:
    verdict: Verdict
    part: str
    finding: str
    advice: str = ""

    def lines(self) -> list[str]:
        """As it is printed."""
        first = f"{self.verdict.value:<8} {self.part}: {self.finding}"
        return [first, *(f"{'':<11}{line}" for line in self.advice.splitlines())]


def good(part: str, finding: str) -> Result:
    return Result(Verdict.GOOD, part, finding)


def caution(part: str, finding: str, advice: str) -> Result:
    return Result(Verdict.CAUTION, part, finding, advice)


def bad(part: str, finding: str, advice: str) -> Result:
    return Result(Verdict.BAD, part, finding, advice)
