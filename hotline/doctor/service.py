"""Does the hotline run?"""

from hotline.doctor.patient import START, Patient
from hotline.doctor.result import Result, caution, good

PART = "Dienst"


async def examine(patient: Patient) -> list[Result]:
    running = patient.running
    if running is None:
        return [caution(PART, "läuft nicht", f"{START}; der Zustand liegt in {patient.state.path}.")]
    if running.moved:
        advice = "nur zum Ausprobieren: für den Betrieb ohne AT= starten."
        return [caution(PART, f"läuft (Prozess {running.pid}) mit verschobener Geschäftszeit", advice)]
    return [good(PART, f"läuft (Prozess {running.pid})")]
