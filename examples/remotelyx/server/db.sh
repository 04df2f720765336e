#!/bin/sh
# ./db.sh setup | status | migrate | seed | reset | rollback [steps]
cd "$(dirname "$0")" || exit 1
exec node manage.js "$@"
