#!/bin/sh
# For a timer, best on another machine: restore the newest copies to a scratch folder, check every row and value, throw it away.
# EVENHAND_IDENTITY: the offline key, required. EVENHAND_FROM, EVENHAND_SECRETS: where the copies lie and a copy of the firm's
# secrets; those of EVENHAND_DATA_DIR where they are not given. EVENHAND_SSH_CONFIG: what ssh is told. docs/operating/backups.md
set -eu
set -- --data-dir "${EVENHAND_DATA_DIR:-/var/lib/evenhand}" --identity "${EVENHAND_IDENTITY:?name the file with the offline key}"
[ -z "${EVENHAND_FROM:-}" ] || set -- "$@" --from "$EVENHAND_FROM"
[ -z "${EVENHAND_SSH_CONFIG:-}" ] || set -- "$@" --ssh-config "$EVENHAND_SSH_CONFIG"
[ -z "${EVENHAND_SECRETS:-}" ] || set -- "$@" --secrets "$EVENHAND_SECRETS"
exec ${EVENHAND:-evenhand} rehearse "$@" --scratch "${EVENHAND_SCRATCH:-/var/tmp}"
