"""`hotline testcall`: a real SIP call with keys into the running hotline, told step by step."""

import asyncio
import re
from pathlib import Path

import click

from hotline.state import StateDirectory
from hotline.testcall import WITHHELD, Wishes, place


def _keys(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not re.fullmatch(r"[0-9*#-]{0,40}", value):
        raise click.BadParameter("Tasten sind 0 bis 9, * und #; - steht für einmal Stille.")
    return value


def _caller(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value != WITHHELD and not re.fullmatch(r"\+?[0-9]{3,20}", value):
        raise click.BadParameter(f"eine Rufnummer aus Ziffern, auch mit + davor, oder {WITHHELD}.")
    return value


@click.command()
@click.option("--press", default="", callback=_keys, metavar="KEYS", help="Keys one after the other; - is one silence.")
@click.option("--state", type=click.Path(path_type=Path), default=Path("var"), show_default=True)
@click.option("--caller", default="+4957219999", show_default=True, callback=_caller, help="Number, or anonymous.")
@click.option("--talk", type=click.FloatRange(0, 3600), default=5, show_default=True, help="Seconds to talk.")
@click.option("--wait", type=click.FloatRange(1, 3600), default=40, show_default=True, help="Seconds to wait.")
def command(press: str, state: Path, caller: str, talk: float, wait: float) -> int:
    """Call the running hotline over SIP and say what happens to the call.

    Exit code 0 when somebody answered or the hotline ended the call properly, otherwise 1.
    """
    done = asyncio.run(place(StateDirectory(state), Wishes(press, caller, talk, wait), click.echo))
    return 0 if done else 1
