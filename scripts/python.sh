#!/bin/sh
# Prints the Python to build the virtual environment with: 3.11 or newer, able to make one.
for candidate in python3.11 python3 python3.12 python3.13; do
    if "$candidate" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        command -v "$candidate"
        exit 0
    fi
done
echo "No Python 3.11 or newer with the module venv was found (Debian: apt-get install python3-venv)." >&2
exit 1
