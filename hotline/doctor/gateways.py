"""Can calls reach us through each gateway, and can we call out?"""

from collections.abc import Mapping

from config.schema import Gateway
from dialplan.gateways import gateway_endpoint
from hotline.doctor.ami import logged_in
from hotline.doctor.patient import Patient
from hotline.doctor.result import Result, bad, caution, good
from hotline.errors import AmiError

PART = "Gateway"
GONE = frozenset({"UNAVAILABLE", "INVALID"})


async def examine(patient: Patient) -> list[Result]:
    registrations, devices = {}, {}
    seen = False
    if patient.secrets is not None:
        try:
            async with logged_in(patient, patient.secrets) as client:
                registrations = _by(await client.action("PJSIPShowRegistrationsOutbound"), "ObjectName", "Status")
                devices = _by(await client.action("DeviceStateList"), "Device", "State")
                seen = True
        except AmiError:
            seen = False
    return [
        judged(gateway, registrations, devices) if seen else described(gateway) for gateway in patient.known.gateways
    ]


def _by(rows: list[dict[str, str]], key: str, value: str) -> dict[str, str]:
    return {row[key]: row[value] for row in rows if key in row and value in row}


def described(gateway: Gateway) -> Result:
    """While Asterisk does not run, only that it is configured."""
    return good(f"{PART} {gateway.name}", f"eingerichtet ({_who(gateway)}), Zustand unbekannt: Asterisk läuft nicht")


def judged(gateway: Gateway, registrations: Mapping[str, str], devices: Mapping[str, str]) -> Result:
    """By what Asterisk says of its registration, else of its reachability."""
    part, endpoint = f"{PART} {gateway.name}", gateway_endpoint(gateway.name)
    if gateway.registration is not None:
        return _registered(part, gateway, registrations.get(endpoint))
    state = devices.get(f"PJSIP/{endpoint}")
    if state is None and f"PJSIP/{endpoint}" not in devices:
        return bad(part, "Asterisk kennt es nicht", "die Hotline neu starten: sie schreibt Asterisks Konfiguration.")
    if state in GONE:
        advice = "Anrufe von dort kommen an, hinaus geht nichts: Adresse, port und die Telefonanlage selbst prüfen."
        return caution(part, f"{_who(gateway)} antwortet nicht auf OPTIONS", advice)
    return good(part, f"{_who(gateway)} antwortet")


def _registered(part: str, gateway: Gateway, status: str | None) -> Result:
    if status == "Registered":
        return good(part, f"angemeldet bei {_who(gateway)}")
    if status is None:
        return bad(part, "Asterisk kennt keine Anmeldung", "die Hotline neu starten.")
    if status == "Rejected":  # Asterisk's word for every try that failed, also when nobody answered
        advice = (
            "registration.user und die Datei in registration.secret_file mit den Daten des Anbieters vergleichen, "
            "server, port und Firewall prüfen; Asterisk meldet „Temporal response“, wenn er abweist, "
            "und „No response received“, wenn er nicht antwortet, und versucht es weiter."
        )
        return bad(part, f"nicht angemeldet: {_who(gateway)} weist die Anmeldung ab oder antwortet nicht", advice)
    advice = "server und port prüfen, und ob die Firewall SIP hinauslässt; Asterisk versucht es weiter."
    return bad(part, f"nicht angemeldet bei {_who(gateway)} ({status})", advice)


def _who(gateway: Gateway) -> str:
    if gateway.registration is not None:
        return f"{gateway.registration.server}:{gateway.registration.port}"
    return ", ".join(gateway.addresses)
