"""Examines every part of a hotline at the same time; each part is a file of this package with `examine(patient)`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import date

from hotline.doctor import (
    agi,
    ami,
    asterisk,
    configuration,
    database,
    gateways,
    mail,
    ports,
    prompts,
    secret_files,
    service,
    web,
)
from hotline.doctor.patient import Patient, admit
from hotline.doctor.result import Result, Verdict, bad, caution
from hotline.state import StateDirectory

__all__ = ["Result", "Verdict", "admit", "examine", "examine_state"]

Check = Callable[[Patient], Awaitable[list[Result]]]
ALWAYS: Mapping[str, Check] = {
    configuration.PART: configuration.examine,
    service.PART: service.examine,
    asterisk.PART: asterisk.examine,
    database.PART: database.examine,
}
WITH_CONFIGURATION: Mapping[str, Check] = {
    ami.PART: ami.examine,
    agi.PART: agi.examine,
    gateways.PART: gateways.examine,
    prompts.PART: prompts.examine,
    mail.PART: mail.examine,
    web.PART: web.examine,
    ports.PART: ports.examine,
    secret_files.PART: secret_files.examine,
}
SECONDS = 8.0


async def examine_state(state: StateDirectory, today: date) -> list[Result]:
    """Examine what lies in this state directory."""
    return await examine(admit(state, today))


async def examine(patient: Patient) -> list[Result]:
    """All results, in a fixed order. Never raises: a check that fails itself is a finding."""
    checks = {**ALWAYS, **(WITH_CONFIGURATION if patient.config else {})}
    found = await asyncio.gather(*(_bounded(part, check, patient) for part, check in checks.items()))
    results = [result for results in found for result in results]
    if patient.config is None:
        parts = ", ".join(WITH_CONFIGURATION)
        results.append(caution("Übriges", f"nicht geprüft: {parts}", "zuerst die Konfiguration berichtigen."))
    return results


async def _bounded(part: str, check: Check, patient: Patient) -> list[Result]:
    try:
        async with asyncio.timeout(SECONDS):
            return await check(patient)
    except TimeoutError:
        return [bad(part, f"keine Antwort in {SECONDS:g} s", "ist die Maschine überlastet oder das Netz gestört?")]
    except Exception as error:
        what = f"die Prüfung selbst ist gescheitert ({type(error).__name__}: {error})"
        return [bad(part, what, "dieser Fehler gehört gemeldet; die übrigen Teile sind geprüft.")]
