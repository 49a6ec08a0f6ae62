#!/bin/sh
# Installs what is missing of Debian's packages: `packages.sh run` for the hotline, `packages.sh test` for its tests.
# apt is only asked when something is missing, and only as root.
set -eu

missing=""
need() { # need PACKAGES COMMAND...: the packages, unless the command succeeds
    packages=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $packages"
}
exists() { [ -e "$1" ]; }

here=$(dirname "$0")
case "${1:-run}" in
run)
    need "python3 python3-venv" "$here/python.sh"
    need ca-certificates exists /etc/ssl/certs/ca-certificates.crt
    need mmdebstrap command -v mmdebstrap
    need sox command -v sox
    need nodejs command -v node
    need npm command -v npm
    ;;
test)
    need chromium command -v chromium
    need libfaketime sh -c 'ls /usr/lib/*/faketime/libfaketime.so.1' # steps the system clock of one program
    need libatomic1 sh -c 'ls /usr/lib/*/libatomic.so.1' # for the Node.js inside Playwright
    need openssl command -v openssl
    need postgresql sh -c 'ls /usr/lib/postgresql/*/bin/postgres'
    ;;
*)
    echo "packages.sh: 'run' or 'test' was expected, not '$1'." >&2
    exit 2
    ;;
esac
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    echo "These programs are missing, and only root on Debian can install them here:$missing" >&2
    echo "Install them (apt-get install$missing), then start again." >&2
    exit 1
fi
echo "Installing from Debian:$missing"
export DEBIAN_FRONTEND=noninteractive
case "$missing" in
*postgresql*) # the tests start a server of their own: no other one shall run on this machine because of them
    if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        mkdir -p /etc/postgresql-common
        echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    fi
    ;;
esac
apt-get update -q
# shellcheck disable=SC2086  # a list of words
apt-get install -q -y --no-install-recommends $missing
