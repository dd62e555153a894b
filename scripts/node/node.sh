#!/bin/sh
# The `node` of this checkout's node_modules/.bin: the pinned one, if it starts here, else the next on PATH.
# The pinned one is linked for glibc at its usual place; Alpine and NixOS have no loader there, and bash gives up on such a
# program without trying the rest of PATH.
case $0 in
  */.bin/*) modules=${0%/*}/.. ;;
  *) modules=${0%/*}/../.. ;;
esac

for pinned in "$modules"/node-linux-*/bin/node; do
  if "$pinned" --version >/dev/null 2>&1; then exec "$pinned" "$@"; fi
done

# after the last link to this script: two checkouts on one PATH must not call each other for ever
next=
IFS=:
for folder in $PATH; do
  if [ "$folder/node" -ef "$0" ]; then next=; elif [ -z "$next" ] && [ -x "$folder/node" ]; then next=$folder/node; fi
done
unset IFS
if [ -n "$next" ]; then exec "$next" "$@"; fi
echo 'taskgate: the Node.js that npm installed does not start here, and there is no other on PATH: install Node.js 22.19, 24.3 or newer' >&2
exit 127
