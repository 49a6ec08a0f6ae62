"""Does Asterisk run, and does it let the service in (AMI)?"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hotline.doctor.patient import START, Patient
from hotline.doctor.result import Result, bad, caution, good
from hotline.errors import AmiError, AmiRefused, AmiUnavailable
from hotline.setup.asterisk_files import AMI_USER
from hotline.state import Secrets
from hotline.telephony.ami import AmiClient

PART = "AMI"


@asynccontextmanager
async def logged_in(patient: Patient, secrets: Secrets) -> AsyncIterator[AmiClient]:
    """A connection to the running Asterisk; AmiError when there is none."""
    address = patient.known.network.ami
    client = AmiClient(address.host, address.port, AMI_USER, secrets.ami_secret)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


async def examine(patient: Patient) -> list[Result]:
    address = patient.known.network.ami
    where = f"{address.host}:{address.port}"
    if patient.secrets is None:
        return [caution(PART, f"nicht geprüft: secrets.json ist {patient.secrets_problem}", f"{START}.")]
    try:
        async with logged_in(patient, patient.secrets) as client:
            answer = (await client.action("CoreSettings"))[0]
    except AmiUnavailable:
        return [_nobody(patient, where)]
    except AmiRefused:
        return [bad(PART, f"{where} weist unser Passwort ab", _STRANGER)]
    except AmiError as error:
        return [bad(PART, f"{where}: {error}", "die Meldungen von Asterisk ansehen.")]
    if answer.get("SystemName") != patient.secrets.system_name:
        return [bad(PART, f"auf {where} antwortet ein anderes Asterisk", _STRANGER)]
    return [good(PART, f"angemeldet auf {where}, Asterisk {answer.get('AsteriskVersion', '?')}")]


_STRANGER = (
    "ein anderes Asterisk beenden oder network.ami.port ändern; gehört es zu dieser Hotline, sie einmal neu starten."
)


def _nobody(patient: Patient, where: str) -> Result:
    if patient.running is None:
        return caution(PART, f"Asterisk läuft nicht ({where})", f"{START}.")
    return bad(PART, f"Asterisk antwortet nicht auf {where}", "die Hotline neu starten und ihre Meldungen ansehen.")
