#!/usr/bin/env bash
# Proves that a clone and the README's commands are enough on a machine that has nothing of ours installed:
# a minimal Debian bookworm in a folder, the documented packages, a clone of what is committed here, the commands.
#
#   sudo tools/fresh_machine.sh                 make demo (headless, the hour of the payrolls release) and make test
#   sudo tools/fresh_machine.sh make setup      only what you name
#
# Needs root, debootstrap, and about 3 GB under $TMPDIR. Takes Debian's mirror and pip's settings from this machine.
# Everything runs in mount and process namespaces of its own: when it ends, however it ends, nothing stays mounted.
set -euo pipefail

repository=$(cd "$(dirname "$0")/.." && pwd)
if [ "${FRESH_MACHINE_INSIDE:-}" != yes ]; then
  [ "$(id -u)" -eq 0 ] || { echo 'needs root: sudo tools/fresh_machine.sh'; exit 1; }
  command -v debootstrap >/dev/null || { echo 'debootstrap is missing: apt-get install debootstrap'; exit 1; }
  root=$(mktemp -d "${TMPDIR:-/tmp}/fresh-machine.XXXXXX")
  chmod 755 "$root"
  trap 'rm -rf --one-file-system "$root"' EXIT
  FRESH_MACHINE_INSIDE=yes FRESH_MACHINE_ROOT=$root \
    unshare --mount --pid --fork --kill-child --propagation private "$0" "$@"
  exit
fi

root=$FRESH_MACHINE_ROOT
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' 2>/dev/null | head -n 1)
mirror=${mirror:-$(apt-get indextargets --format '$(REPO_URI)' | head -n 1)}

echo "A minimal Debian bookworm in $root"
debootstrap --variant=minbase --include=ca-certificates bookworm "$root" "$mirror" >"$root.log" 2>&1 \
  || { tail -n 20 "$root.log"; exit 1; }
rm -f "$root.log"

mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/dev/shm"
mkdir -p "$root/dev/pts"
mount -t devpts -o newinstance,mode=620,ptmxmode=666 devpts "$root/dev/pts"  # tests open terminals
ln -sf pts/ptmx "$root/dev/ptmx"
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp /etc/hosts "$root/etc/hosts"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" && chmod +x "$root/usr/sbin/policy-rc.d"

# pip must find the same packages as here: its settings, the certificates and the folders that they name.
if [ -f /etc/pip.conf ]; then cp /etc/pip.conf "$root/etc/pip.conf"; fi
pip_environment=$(env | grep '^PIP_' || true)
if [ -f /etc/ssl/certs/ca-certificates.crt ]; then cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"; fi
for folder in $(python3 -m pip config list 2>/dev/null | grep -oE "(file://)?/[^' ]+" | sed 's|^file://||' | sort -u); do
  if [ -d "$folder" ]; then mkdir -p "$root$folder" && mount --rbind -o ro "$folder" "$root$folder"; fi
done

inside() {
  # shellcheck disable=SC2086  (each setting is one word)
  chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive ${pip_environment} "$@"
}

echo 'What the README asks for: python3, python3-venv, git, make, chromium, libatomic1'
inside apt-get update -qq
inside apt-get install -y -qq --no-install-recommends python3 python3-venv git make chromium libatomic1 >/dev/null 2>&1

git -C "$repository" bundle create --quiet "$root/evenhand.bundle" HEAD
inside git clone --quiet /evenhand.bundle /root/evenhand 2>/dev/null
run() {
  echo "In the clone: $*"
  inside sh -c 'cd /root/evenhand && exec "$@"' run "$@"
}

if [ "$#" -gt 0 ]; then
  run "$@"
else
  run make demo 'ARGS=--headless --until-done --json --speed max --from 2014-05-02T12:00:00 --to 2014-05-02T13:00:00'
  run make test
fi
echo 'A fresh machine needs nothing else.'
