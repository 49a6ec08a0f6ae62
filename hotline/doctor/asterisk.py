"""Is there an Asterisk that can carry the hotline, and for how long is it still supported?

End of support: docs.asterisk.org, About the Project, Asterisk Versions. A long-term release (LTS) gets fixes for
four years and security fixes for one more, a standard release one year each.
"""

from datetime import date, timedelta

from hotline.doctor.patient import Patient
from hotline.doctor.result import Result, bad, caution, good
from hotline.doctor.threads import in_thread
from hotline.errors import SetupError
from hotline.setup.asterisk import NEWEST, OLDEST, Asterisk, find

PART = "Asterisk"
END_OF_SUPPORT = {
    18: date(2025, 10, 20),
    19: date(2023, 11, 2),
    20: date(2027, 10, 19),
    21: date(2025, 10, 18),
    22: date(2029, 10, 16),
}
SOON = timedelta(days=180)
_RENEW = "Asterisk 22 (LTS) verwenden: ein neueres Paket einspielen oder `make setup`, das ein eigenes installiert."


async def examine(patient: Patient) -> list[Result]:
    try:
        asterisk = await in_thread(find)
    except SetupError as error:
        advice = f"`make setup` installiert ein eigenes (Versionen {OLDEST} bis {NEWEST}). Gesehen wurde:\n{error}"
        return [bad(PART, "kein passendes Asterisk auf dieser Maschine", advice)]
    found = f"{asterisk.release}, {asterisk.program}, alle nötigen Module da"
    return [good(PART, found), support(asterisk, patient.today)]


def support(asterisk: Asterisk, today: date) -> Result:
    """How long this release still gets security fixes."""
    part, major = f"{PART} (Pflege)", asterisk.version[0]
    end = END_OF_SUPPORT.get(major)
    if end is None:
        return caution(part, f"für Version {major} ist kein Ende der Pflege bekannt", _RENEW)
    if end < today:
        return caution(part, f"Version {major} bekommt seit dem {end:%d.%m.%Y} keine Sicherheitskorrekturen", _RENEW)
    if end - today < SOON:
        return caution(part, f"Version {major} wird nur noch bis zum {end:%d.%m.%Y} gepflegt", _RENEW)
    return good(part, f"Version {major} bekommt bis zum {end:%d.%m.%Y} Sicherheitskorrekturen")
