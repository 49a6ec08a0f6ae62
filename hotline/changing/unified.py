"""The lines in which two texts of a configuration differ, as `diff -u` shows them."""

import difflib

MOST_LINES = 400
_CUT = "… und weitere Zeilen"


def unified(old: str, new: str, old_name: str = "vorher", new_name: str = "jetzt") -> str:
    """Empty when they are the same; MOST_LINES at most."""
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), old_name, new_name, lineterm=""))
    return "\n".join([*lines[:MOST_LINES], _CUT] if len(lines) > MOST_LINES else lines)
