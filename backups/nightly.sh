#!/bin/sh
# For a timer, as the user the firm runs as: the snapshot of the night: copy, check, seal, send, and let go what retention says.
# EVENHAND: the program; EVENHAND_DATA_DIR: the firm's directory. docs/operating/backups.md
set -eu
exec ${EVENHAND:-evenhand} backup --data-dir "${EVENHAND_DATA_DIR:-/var/lib/evenhand}"
