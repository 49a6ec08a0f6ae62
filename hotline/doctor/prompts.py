"""Is there a sound file for everything that callers may hear, made from the present texts?"""

from config.schema import HotlineConfig
from hotline.doctor.patient import Patient
from hotline.doctor.result import Result, bad, caution, good
from hotline.doctor.threads import in_thread
from hotline.setup import music, sound
from hotline.setup.prompts import contents_in_force, planned, read_manifest
from hotline.state import StateDirectory
from ivr.prompts import catalogue

PART = "Ansagen"
_MAKE = "`hotline prompts --render` erzeugt sie; auch `make run` tut das beim Start."
_LOST = "Bis dahin hören Anrufer, was unter ihrem Namen liegt. `hotline prompts --render` stellt sie wieder her."
SHOWN = 3


async def examine(patient: Patient) -> list[Result]:
    config, state = patient.known, patient.state
    return await in_thread(lambda: [judged(config, state), judged_music(state)])


def judged(config: HotlineConfig, state: StateDirectory) -> Result:
    names = catalogue(config)
    missing = [name for name in names if not _complete(state, name)]
    if missing:
        return bad(PART, f"{len(missing)} von {len(names)} fehlen: {_some(missing)}", _MAKE)
    known = read_manifest(state.prompts)
    old = [
        prompt.name
        for prompt in planned(config, state.recordings)
        if known.get(prompt.name, {}).get("fingerprint") != prompt.fingerprint
    ]
    if old:
        return caution(PART, f"{len(old)} von {len(names)} entsprechen nicht mehr den Texten: {_some(old)}", _MAKE)
    heard = contents_in_force(state.prompts)
    lost = [name for name in names if not _complete(state, heard[name])]
    if lost:
        return caution(PART, f"Bei {len(lost)} von {len(names)} fehlt, was Anrufe hören: {_some(lost)}", _LOST)
    return good(PART, f"alle {len(names)} da")


def judged_music(state: StateDirectory) -> Result:
    if all((state.music / f"{music.NAME}.{extension}").is_file() for extension in sound.FORMATS):
        return good("Wartemusik", "da")
    return bad("Wartemusik", "fehlt: Wartende hören Stille", "`make run` erzeugt sie beim Start.")


def _complete(state: StateDirectory, name: str) -> bool:
    files = [state.prompts / f"{name}.{extension}" for extension in sound.FORMATS]
    return all(file.is_file() and file.stat().st_size for file in files)


def _some(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")
