"""`hotline dialplan`: the configuration that Asterisk gets, to be read or written."""

from dataclasses import replace
from pathlib import Path

import click

from dialplan.render import AsteriskFacts, render
from hotline.errors import SetupError
from hotline.parent.preparation import configuration
from hotline.setup import asterisk, asterisk_files
from hotline.state import StateDirectory


@click.command()
@click.option("--state", type=click.Path(path_type=Path), default=Path("var"), show_default=True)
@click.option("--write", is_flag=True, help="Write the files for Asterisk, instead of printing them without passwords.")
@click.argument("names", nargs=-1, metavar="[FILE]...")
def command(state: Path, write: bool, names: tuple[str, ...]) -> int:
    """Print Asterisk's configuration as rendered from ours: all of it, or only FILE, as extensions.conf."""
    directory = StateDirectory(state)
    directory.prepare()
    config, found = configuration(directory), asterisk.find()
    secrets = directory.secrets(agent.name for agent in config.agents)
    facts = asterisk_files.facts_for(config, directory, found, secrets)
    if write:
        script = asterisk_files.write(config, facts, found)
        click.echo(f"Written to {script.parent / 'etc'}; a running Asterisk takes it over at its next start.")
        return 0
    _print(_rendered(render(config, _without_passwords(facts)), names))
    return 0


def _without_passwords(facts: AsteriskFacts) -> AsteriskFacts:
    return replace(
        facts,
        system_name="***",
        ami_secret="***",  # noqa: S106 - stands for the password, is none
        phone_secrets=dict.fromkeys(facts.phone_secrets, "***"),
        gateway_secrets=dict.fromkeys(facts.gateway_secrets, "***"),
    )


def _rendered(files: dict[str, str], names: tuple[str, ...]) -> dict[str, str]:
    unknown = [name for name in names if name not in files]
    if unknown:
        raise SetupError(f"There is no file {', '.join(unknown)}: choose from {', '.join(sorted(files))}.")
    return {name: files[name] for name in names or sorted(files)}


def _print(files: dict[str, str]) -> None:
    for name, content in files.items():
        click.echo(f"; ---- {name}\n{content}")
