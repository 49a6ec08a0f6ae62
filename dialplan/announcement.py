"""The lead's announcement in the fallback: a note says which sound is played until when.

The service keeps the note as the announcement is with itself (hotline/recovery/announcement.py): in a global variable,
for Asterisk as it runs, and in a file that Asterisk includes, for the next time it starts or reads its dialplan.
Whatever stands there, only digits, the letters a to f and slashes are taken from it: a number, and the name of a file
in one folder.
"""

from datetime import datetime
from pathlib import PurePath

from dialplan import conf, variables
from dialplan.steps import Step, given, set_to

FOLDER = "announcements"
"""Beside the prompts; what lies in it is no prompt of the catalogue. Names of its files are hexadecimal."""
NOTHING = "0"
"""The note while there is no announcement."""
FILE = "announcement.conf"
INCLUDE = f"#tryinclude {FILE}\n"
"""Line of extensions.conf; before the first announcement the file is missing, which is no fault."""
LONGEST_SECONDS = 25 * 3600
"""An announcement ends on the day it begins: a note that lasts longer is read by a clock that is wrong."""
_NOTE, _LEFT = "HL_NOTE", "HL_NOTE_LEFT"


def note(sound: str, until: datetime) -> str:
    """The note while this sound of FOLDER is played; `until` is business time, aware."""
    return f"{int(until.timestamp())}/{sound}"


def kept(note: str) -> str:
    """What FILE holds."""
    why = "The announcement that callers hear without the service, which writes this at each change."
    return conf.section("globals", {variables.ANNOUNCEMENT: note}, why)


def say_if_on(prompts: PurePath, clock_offset: int) -> list[Step]:
    """The steps that play the announcement while there is one; a file that is missing only costs a warning."""
    until, sound = f"${{FILTER(0-9,${{CUT({_NOTE},/,1)}})}}", f"${{CUT({_NOTE},/,2)}}"
    on = f"$[{given(_LEFT)} > 0 & {given(_LEFT)} <= {LONGEST_SECONDS}]"
    return [
        set_to(_NOTE, f"${{FILTER(0-9a-f/,${{GLOBAL({variables.ANNOUNCEMENT})}})}}"),
        set_to(_LEFT, f"$[0{until} - (${{EPOCH}} + {clock_offset})]"),
        f"ExecIf({on}?Playback({prompts}/{FOLDER}/{sound}))",
    ]
