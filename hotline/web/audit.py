"""The audit log as a page: who saw which case data and who changed what, in German words, newest first."""

from datetime import date, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from hotline.web.keys import USER, site
from hotline.web.pages import render
from hotline.web.problems import Problem
from hotline.web.services import AuditEntry, AuditPage

ACTIONS = {
    "identity_checked": "Identität geprüft, frühere Anrufe gesehen",
    "history_shown": "Anruf übernommen, frühere Anrufe gesehen",
    "searched": "Gesucht",
    "opened": "Gefundenen Eintrag gesehen",
    "promise_opened": "Zusage geöffnet (Link aus der E-Mail)",
    "disposition_corrected": "Ergebnis eines Anrufs berichtigt",
    "figures_shown": "Zahlen einer Person gesehen",
    "agent_paused": "Person in Pause gesetzt",
    "agent_logged_out": "Person abgemeldet",
    "announcement_on": "Ansage eingeschaltet",
    "announcement_off": "Ansage ausgeschaltet",
    "message_sent": "Nachricht an alle geschickt",
    "message_ended": "Nachricht beendet",
    "message_read": "Nachricht gelesen",
    "knowledge_saved": "Hinweis zum Leitfaden geändert",
    "alarm_seen": "Alarm gesehen",
    "mail_retried": "E-Mail noch einmal gesendet",
    "mail_redirected": "E-Mail an eine andere Adresse gesendet",
    "login": "Angemeldet",
    "logout": "Abgemeldet",
    "login_failed": "Falsches Passwort",
    "password_set": "Neues Passwort vergeben",
    "password_changed": "Eigenes Passwort geändert",
    "user_added": "Konto angelegt",
    "user_removed": "Konto entfernt",
    "account_closed": "Konto geschlossen (nicht mehr in der Konfiguration)",
    "account_reopened": "Konto wieder geöffnet",
    "account_renewed": "Konto für einen anderen Menschen erneuert",
    "role_set": "Rolle geändert",
    "config_activated": "Version der Konfiguration in Kraft gesetzt",
    "config_draft_saved": "Entwurf der Konfiguration gespeichert",
    "config_draft_rebased": "Entwurf auf den neuen Stand gestützt",
    "config_draft_discarded": "Entwurf der Konfiguration verworfen",
    "prompt_recorded": "Eigene Aufnahme einer Ansage gespeichert",
    "prompt_voiced": "Eigene Aufnahme einer Ansage entfernt",
    "prompt_unchanged": "Diese Änderung einer Ansage ist nicht gelungen, sie klingt wie zuvor",
    "prompt_pin_given": "Ziffern für eine Aufnahme mit dem Telefon vergeben",
    "prompt_pin_wrong": "Falsche Ziffern für eine Aufnahme, an diesem Telefon",
    "audit_shown": "Protokoll gesehen",
    "person_exported": "Auskunft über eine Person erstellt",
    "person_erased": "Angaben einer Person gelöscht",
    "retention": "Angaben nach Ablauf der Frist gelöscht",
}
PEOPLE = {
    "case_worker": "Sachbearbeitung (Link)",
    "command line": "Kommandozeile",
    "unknown": "unbekannter Name",
    "hotline": "Telefonservice selbst",
    "file": "von Hand geänderte Datei",
}
"""Who did something without an account."""
_LONGEST_NAME = 40
_YEARS = (2000, 2200)


async def show(request: web.Request) -> web.StreamResponse:
    """GET /audit?who=NAME&day=2026-11-23&before=ID"""
    here = site(request)
    who, day = request.query.get("who") or None, _day(request.query.get("day", ""))
    if who is not None and len(who) > _LONGEST_NAME:
        raise Problem(400, "So lange Namen gibt es nicht.")
    found = await here.services.doors.audit_page(request[USER].name, who, day, _before(request.query.get("before", "")))
    values = {
        "entries": [_shown(entry, here.zone) for entry in found.entries],
        "people": found.people,
        "person_name": lambda name: PEOPLE.get(name, name),
        "who": who,
        "day": day.isoformat() if day else None,
        "older": _older(found, who, day),
    }
    return render(request, "audit.html", values)


def _shown(entry: AuditEntry, zone: ZoneInfo) -> dict[str, str]:
    local: datetime = entry.at.astimezone(zone)
    subject = entry.subject or ""
    if entry.action == "login_failed":
        subject = f"{subject}-mal"
    return {
        "at": f"{local:%d.%m.%Y %H:%M:%S}",
        "who": PEOPLE.get(entry.who, entry.who),
        "what": ACTIONS.get(entry.action, entry.action),
        "subject": subject,
    }


def _older(found: AuditPage, who: str | None, day: date | None) -> str | None:
    if not found.more:
        return None
    wish = {"who": who or "", "day": day.isoformat() if day else "", "before": str(found.entries[-1].id)}
    return "/audit?" + urlencode({key: value for key, value in wish.items() if value})


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not _YEARS[0] <= day.year <= _YEARS[1]:
        raise Problem(400, "Bitte geben Sie den Tag so an: 2026-11-23.")
    return day


def _before(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        raise Problem(400)
    return int(text)
