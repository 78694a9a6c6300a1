#!/bin/sh
# For a timer, as the user the firm runs as: whether snapshot, keys and shipped tail are fresh; exit 1 where one is too old.
# EVENHAND: the program; EVENHAND_DATA_DIR: the firm's directory. docs/operating/backups.md
set -eu
exec ${EVENHAND:-evenhand} backup --check --data-dir "${EVENHAND_DATA_DIR:-/var/lib/evenhand}"
