"""Do the pages answer?"""

import aiohttp

from dialplan.conf import host_port
from hotline.doctor.patient import START, Patient
from hotline.doctor.result import Result, bad, caution, good

PART = "Seiten"
SECONDS = aiohttp.ClientTimeout(total=4)


async def examine(patient: Patient) -> list[Result]:
    address = patient.known.network.web
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address.host, address.host)  # noqa: S104 - compared, not bound
    where = f"http://{host_port(host, address.port)}"
    try:
        async with aiohttp.ClientSession(timeout=SECONDS) as client, client.get(f"{where}/health") as answer:
            body = await answer.json() if answer.content_type == "application/json" else None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        if patient.running is None:
            return [caution(PART, f"der Dienst läuft nicht ({where})", f"{START}.")]
        advice = "die Hotline neu starten und ihre Meldungen ansehen."
        return [bad(PART, f"{where} antwortet nicht ({type(error).__name__})", advice)]
    if answer.status != 200 or not isinstance(body, dict) or body.get("status") != "ok":
        advice = "das andere Programm beenden oder network.web.port ändern."
        return [bad(PART, f"auf {where} antwortet nicht die Hotline (Status {answer.status})", advice)]
    return [good(PART, f"{where} antwortet; von außen {patient.known.hotline.public_url}")]
