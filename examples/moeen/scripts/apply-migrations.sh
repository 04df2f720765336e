#!/bin/sh
# ./scripts/apply-migrations.sh [--dry-run]
#
# A backup, every pending migration with a validation after each, and one of it all at the end.
# Log lines of both commands carry the same runId.
set -eu
cd "$(dirname "$0")/.."

: "${GODWIT_RUN_ID:=$(node -p 'crypto.randomUUID()')}"
export GODWIT_RUN_ID

./node_modules/.bin/godwit up --yes "$@"
exec node scripts/validate-schema.js
