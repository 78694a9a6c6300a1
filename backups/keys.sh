#!/bin/sh
# For a timer, as the user the firm runs as: keys.db on its own schedule; its copies of more than keys_keep_days go.
# EVENHAND: the program; EVENHAND_DATA_DIR: the firm's directory. docs/operating/backups.md
set -eu
exec ${EVENHAND:-evenhand} backup --keys --data-dir "${EVENHAND_DATA_DIR:-/var/lib/evenhand}"
