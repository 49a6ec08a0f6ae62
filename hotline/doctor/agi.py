"""Does the service take calls from Asterisk (AGI)?"""

import asyncio

from hotline.doctor.patient import START, Patient
from hotline.doctor.result import Result, bad, caution, good

PART = "AGI"


async def examine(patient: Patient) -> list[Result]:
    address = patient.known.network.agi
    where = f"{address.host}:{address.port}"
    try:
        _, writer = await asyncio.open_connection(address.host, address.port)
    except OSError as error:
        if patient.running is None:
            return [caution(PART, f"nimmt keine Anrufe an: der Dienst läuft nicht ({where})", f"{START}.")]
        advice = "Anrufer hören nur die Störungsansage: die Hotline neu starten und ihre Meldungen ansehen."
        return [bad(PART, f"nicht erreichbar auf {where} ({error.strerror or type(error).__name__})", advice)]
    writer.close()
    return [good(PART, f"erreichbar auf {where}")]
