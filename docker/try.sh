#!/bin/bash
# Builds the image, runs the hotline from it as its unprivileged user, places a call and stops it: what a container
# engine would do, on a Debian machine without one. As root, with buildah and mmdebstrap. Not part of `make test`.
#   BASE=debian:12-slim   a base image to be pulled; otherwise one is made by mmdebstrap from this machine's apt mirror
#   CA=FILE PIP=FILE NPM=FILE   certificates, pip.conf and .npmrc for the build only
#   DATABASE_URL=postgresql://…   runs on it in real time, open all week, instead of SQLite with moved time
#   KEEP=1   keeps the images and their layers: the next run takes seconds
set -euo pipefail
cd "$(dirname "$0")/.."
IMAGE=localhost/jobcenter-hotline
work=$(mktemp -d)
container='' hotline=''

clean_up() {
    [ -z "$hotline" ] || kill -KILL "$hotline" 2>/dev/null || true
    [ -z "$container" ] || buildah rm "$container" >/dev/null
    [ -n "${KEEP:-}" ] || buildah rmi "$IMAGE" ${made_base:+"$made_base"} >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap clean_up EXIT
step() { printf '\n=== %s\n' "$*"; }
fail() { echo "FAILED: $*" >&2; exit 1; }

make_base() {
    buildah inspect --type image "$BASE" >/dev/null 2>&1 && return
    step "Base image: Debian 12 by mmdebstrap"
    local mirror from
    mirror=$(python3 -P -c 'import sys; sys.path.insert(0, "."); from hotline.setup import apt_sources as apt
print(apt.mirrors()[0])')
    mmdebstrap --quiet --variant=minbase --aptopt='Acquire::Check-Valid-Until "false"' \
        bookworm "$work/base.tar" "deb $mirror bookworm main"
    from=$(buildah from scratch)
    buildah add --quiet "$from" "$work/base.tar" / >/dev/null
    buildah commit --quiet --rm "$from" "$BASE" >/dev/null
    rm "$work/base.tar"
}

build() {
    step "Building $IMAGE from $BASE"
    local options=(--isolation chroot --format docker --build-arg "BASE=$BASE")
    [ -z "${KEEP:-}" ] || options+=(--layers)
    [ -z "${CA:-}" ] || options+=(--secret "id=ca,src=$CA")
    [ -z "${PIP:-}" ] || options+=(--secret "id=pip,src=$PIP")
    [ -z "${NPM:-}" ] || options+=(--secret "id=npm,src=$NPM")
    buildah build "${options[@]}" -f docker/Dockerfile -t "$IMAGE" . >"$work/build.log" 2>&1 ||
        { tail -30 "$work/build.log"; fail "the image could not be built"; }
    buildah images "$IMAGE"
}

image_holds_no_secrets() {
    step "The image holds nothing of a state directory, nothing setuid of Asterisk's, and a user without files"
    local found
    found=$(find "$root" -xdev \( -name secrets.json -o -name '*.sqlite' -o -name pip.conf -o -name .git -o -path '*/run/secrets' \
        -o -path "$root/opt/*" -perm /6000 -o -user 10001 -type f \) -print)
    [ -z "$found" ] || fail "these should not be in the image: $found"
    [ -z "$(find "$root/var/lib/hotline" -mindepth 1)" ] || fail "the state directory of the image is not empty"
}

prepare_state() { # the shipped configuration on free ports, so that a hotline that already runs here is not disturbed
    mkdir "$work/state"
    ALWAYS_OPEN=${DATABASE_URL:+1} chroot "$root" /opt/hotline/.venv/bin/python -c '
import os, socket, sys
from ruamel.yaml import YAML
yaml = YAML(typ="safe")
raw = yaml.load(open("/opt/hotline/config/hotline.yaml", encoding="utf-8"))
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(6)]
ports = [each.getsockname()[1] for each in held]
raw["network"] = {key: {"host": "127.0.0.1", "port": port} for key, port in zip(["sip", "web", "agi", "ami", "websocket"], ports)}
raw["network"]["rtp"] = {"from": 27000, "to": 27199}
raw["mail"]["port"] = ports[5]
raw["hotline"]["public_url"] = "http://127.0.0.1:%d" % ports[1]
if os.environ.get("ALWAYS_OPEN"):
    days = "monday tuesday wednesday thursday friday saturday sunday".split()
    raw["hours"] = {"week": {day: ["00:00-23:59:59"] for day in days}, "holidays": raw["hours"]["holidays"]}
YAML().dump(raw, sys.stdout)
' >"$work/state/hotline.yaml"
    web=$(grep -oP 'public_url: http://127.0.0.1:\K[0-9]+' "$work/state/hotline.yaml")
    chown -R 10001:10001 "$work/state"
    chmod 0700 "$work/state"
    chmod 0711 "$work"
}

start() {
    step "hotline run, as user hotline, on a read-only root"
    local environment now=(--at 2026-11-23T09:00)
    mapfile -t environment < <(buildah inspect --type image --format '{{range .Docker.Config.Env}}{{println .}}{{end}}' "$IMAGE" | grep .)
    environment+=("HOME=/var/lib/hotline" "HOTLINE_HEALTH=http://127.0.0.1:$web/health")
    [ -z "${DATABASE_URL:-}" ] || { environment+=("HOTLINE_DATABASE_URL=$DATABASE_URL"); now=(); }
    inside=(env -i "${environment[@]}")
    # shellcheck disable=SC2016  # expanded by the inner shell
    unshare --mount sh -euc '
        root=$1 state=$2; shift 2
        mount --bind "$root" "$root"
        for file in hosts resolv.conf; do mount --bind "/etc/$file" "$root/etc/$file"; done
        mount -o remount,bind,ro "$root"
        mount --bind /proc "$root/proc"; mount --rbind /dev "$root/dev"
        mount -t tmpfs tmpfs "$root/tmp"
        mount --bind "$state" "$root/var/lib/hotline"
        exec chroot --userspec=10001:10001 --groups=10001 "$root" "$@"
    ' sh "$root" "$work/state" "${inside[@]}" sh -c 'cd && exec "$@"' sh \
        hotline run --state /var/lib/hotline "${now[@]}" >"$work/run.log" 2>&1 &
    hotline=$!
    for _ in $(seq 600); do
        ! grep -q '^Log in with name' "$work/run.log" || break
        kill -0 "$hotline" 2>/dev/null || break
        sleep 0.2
    done
    grep -v '^  [a-z]*  *[a-z0-9]*-[a-z0-9]*-' "$work/run.log" # not the passwords
    grep -q '^Log in with name' "$work/run.log" || fail "the hotline did not start"
}

in_image() { nsenter --mount --root --wd --setgid 10001 --setuid 10001 --target "$hotline" "${inside[@]}" "$@"; }

healthy() {
    step "Health check of the image"
    local words
    mapfile -t words < <(buildah inspect --type image --format '{{range .Docker.Config.Healthcheck.Test}}{{println .}}{{end}}' "$IMAGE" | grep .)
    in_image "${words[@]:1}" || fail "not healthy"
    echo healthy
    ps -o user:8,pid,ppid,args -u 10001 | cut -c1-150
}

call() {
    step "hotline testcall --press 4 --wait 15: nobody is logged in, so the caller hears music and hangs up"
    in_image hotline testcall --state /var/lib/hotline --press 4 --wait 15 2>&1 | tee "$work/call.log" || true
    tail -n +"$(grep -n '^Log in with name' "$work/run.log" | cut -d: -f1)" "$work/run.log" | grep '|' || true
    grep -q 'Anliegen: Mietkosten' "$work/call.log" || fail "the call did not reach the service"
    grep -q 'Anruf beendet' "$work/call.log" || fail "the call was not seen to its end"
}

stop() {
    step "SIGINT"
    kill -INT "$hotline"
    local code=0
    wait "$hotline" || code=$?
    hotline=''
    tail -3 "$work/run.log"
    [ "$code" = 0 ] || fail "it ended with $code"
    ! pgrep -u 10001 -a || fail "these processes were left behind"
    local port
    while read -r port; do
        [ -z "$(ss -Hlntu "sport = :$port")" ] || fail "port $port is still in use"
    done < <(grep -oP 'port: \K[0-9]+' "$work/state/hotline.yaml")
    echo "Nothing runs as its user any more, all its ports are free."
    ls -l "$work/state"
}

[ -n "${BASE:-}" ] || { BASE=localhost/hotline-try-base made_base=$BASE; make_base; }
build
container=$(buildah from "$IMAGE")
root=$(buildah mount "$container")
image_holds_no_secrets
prepare_state
start
healthy
call
stop
step "All as it should be."
