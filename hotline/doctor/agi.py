"""Does the service take calls from Asterisk (AGI)?"""

import asyncio

from hotline.doctor.patient import START, Patient
from hotline.doctor.result import Result, bad, caution, good

PART = "AGI"
ANSWER_SECONDS = 3.0
NOT_AGI = b"doctor\n"
"""No Asterisk sends this: a service that is awake closes the connection at once."""
_RESTART = "Anrufer hören nur die Störungsansage oder Musik: die Hotline neu starten und ihre Meldungen ansehen."


async def examine(patient: Patient) -> list[Result]:
    address = patient.known.network.agi
    where = f"{address.host}:{address.port}"
    try:
        awake = await asyncio.wait_for(is_awake(address.host, address.port), ANSWER_SECONDS)
    except TimeoutError:
        awake = False
    except OSError as error:
        if patient.running is None:
            return [caution(PART, f"nimmt keine Anrufe an: der Dienst läuft nicht ({where})", f"{START}.")]
        return [bad(PART, f"nicht erreichbar auf {where} ({error.strerror or type(error).__name__})", _RESTART)]
    if not awake:
        return [bad(PART, f"der Dienst hinter {where} reagiert nicht", _RESTART)]
    return [good(PART, f"erreichbar auf {where}")]


async def is_awake(host: str, port: int) -> bool:
    """Whether somebody behind the port reads what comes, and refuses it."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(NOT_AGI)
        return await reader.read() == b""
    except ConnectionError:
        return True
    finally:
        writer.close()
