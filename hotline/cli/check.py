"""`hotline check FILE`: says whether a configuration can be used, and if not, everything that is wrong with it."""

from pathlib import Path

import click

from config.loading import ConfigurationError, load
from hotline.errors import ConfigurationBroken


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def command(file: Path) -> int:
    """Check the configuration in FILE.

    Prints one line per finding, FILE:LINE:COL: key.path: what is wrong and what is allowed.
    """
    try:
        config = load(file)
    except ConfigurationError as error:
        raise ConfigurationBroken([str(finding) for finding in error.findings]) from None
    counts = f"{len(config.agents)} Personen, {len(config.request_types)} Anliegen, {len(config.gateways)} Gateway(s)"
    click.echo(f"{file}: in Ordnung ({config.hotline.name}: {counts})")
    return 0
