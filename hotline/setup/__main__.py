"""`python -m hotline.setup`: the part of `make setup` that needs Python, which is Asterisk."""

import sys

from hotline.errors import SetupError
from hotline.setup.asterisk_root import find_or_install


def main() -> int:
    """Exit code 0, or 1 with one plain sentence."""
    try:
        find_or_install(lambda line: print(line, flush=True))
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
