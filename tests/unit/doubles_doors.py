"""What is behind the account pages and the audit log, held in memory; remembers what was written down."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from agents.forms import FormError
from hotline.web.services import AuditEntry, AuditPage
from hotline.workplace.passwords import objection

AUDITED_AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class ChangedUser:
    name: str
    role: str = "agent"
    must_change: bool = False


class FakeDoors:
    """Everybody's password is the same, until it is changed."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.changed: dict[str, str] = {}
        self.told: list[tuple[str, ...]] = []
        self.asked: list[tuple[str, str | None, date | None, int | None]] = []
        self.entries = [
            AuditEntry(4, AUDITED_AT + timedelta(minutes=9), "anna", "identity_checked", "c1"),
            AuditEntry(3, AUDITED_AT + timedelta(minutes=4), "case_worker", "promise_opened", "p1"),
            AuditEntry(2, AUDITED_AT + timedelta(minutes=1), "anna", "login", None),
            AuditEntry(1, AUDITED_AT, "unknown", "login_failed", "3"),
        ]
        self.more = False

    async def change_password(self, name: str, old: str, new: str, again: str) -> ChangedUser:
        findings = {} if old == self.changed.get(name, self.password) else {"old": "Das ist nicht Ihr Passwort."}
        if problem := objection(name, new):
            findings["new"] = problem
        elif new == old:
            findings["new"] = "Bitte wählen Sie ein anderes Passwort als bisher."
        elif new != again:
            findings["again"] = "Die beiden neuen Passwörter sind verschieden."
        if findings:
            raise FormError(findings)
        self.changed[name] = new
        return ChangedUser(name)

    async def logged_in(self, name: str) -> None:
        self.told.append(("logged_in", name))

    async def logged_out(self, name: str) -> None:
        self.told.append(("logged_out", name))

    def login_failed(self, name: str) -> None:
        self.told.append(("login_failed", name))

    async def promise_opened(self, token: str) -> None:
        self.told.append(("promise_opened", token))

    async def audit_page(self, reader: str, who: str | None, day: date | None, before: int | None) -> AuditPage:
        self.asked.append((reader, who, day, before))
        found = [entry for entry in self.entries if who in (None, entry.who)]
        return AuditPage(found, self.more and bool(found), sorted({entry.who for entry in self.entries}))
