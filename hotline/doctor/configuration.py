"""Is there a configuration, and can it be used?"""

from hotline.doctor.patient import Patient
from hotline.doctor.result import Result, bad, good

PART = "Konfiguration"


async def examine(patient: Patient) -> list[Result]:
    file = patient.state.config_file
    if not file.exists():
        return [bad(PART, f"{file} fehlt", "`make run` legt beim ersten Start eine an; oder --state nennen.")]
    if patient.config is None:
        advice = f"berichtigen und mit `hotline check {file}` prüfen."
        return [
            bad(PART, str(finding), advice if finding is patient.findings[-1] else "") for finding in patient.findings
        ]
    config = patient.config
    counts = f"{len(config.agents)} Personen, {len(config.request_types)} Anliegen, {len(config.gateways)} Gateway(s)"
    return [good(PART, f"{config.hotline.name}, {counts}")]
