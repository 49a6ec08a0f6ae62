"""Who has the ports we need: ourselves while we run, nobody otherwise."""

import re
import socket

from hotline.doctor.patient import Patient
from hotline.doctor.result import Result, bad, good
from hotline.doctor.threads import in_thread
from hotline.errors import SetupError
from hotline.ports import Port, needed, require_free

PART = "Ports"


async def examine(patient: Patient) -> list[Result]:
    ports = needed(patient.known)
    held = await in_thread(lambda: {port: _holder(port) for port in ports})
    if patient.running is not None:
        unheld = [port for port, holder in held.items() if holder is None]
        advice = "die Hotline neu starten und ihre Meldungen ansehen."
        return [bad(PART, f"auf {_name(port)} lauscht niemand ({port.purpose})", advice) for port in unheld] or [
            good(PART, ", ".join(f"{_name(port)} {held[port]}" for port in ports))
        ]
    taken = [(port, holder) for port, holder in held.items() if holder is not None]
    return [
        bad(PART, f"{_name(port)} ist belegt: {holder}", f"freigeben, oder {port.key} in der Konfiguration ändern.")
        for port, holder in taken
    ] or [good(PART, f"alle {len(ports)} frei")]


def _holder(port: Port) -> str | None:
    """None when it is free, else who has it."""
    try:
        require_free([port])
    except SetupError as problem:
        found = re.search(r"because (.+) \(process (\d+)\) has it", str(problem))
        return f"{found[1]} (Prozess {found[2]})" if found else "unbekannt, von wem"
    return None


def _name(port: Port) -> str:
    return f"{port.number}/{'UDP' if port.kind is socket.SOCK_DGRAM else 'TCP'}"
