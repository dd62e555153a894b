#!/bin/sh
# around.sh FOLDER CGROUP... -- COMMAND...: runs a command that makes the rig's namespaces, and removes what is left when
# it ends. It is a process of its own so that it does so also after whoever started it was killed.
folder=$1
shift
cgroups=
while [ "$1" != -- ]; do
  cgroups="$cgroups $1"
  shift
done
shift
# shellcheck disable=SC2086
first() { set -- $cgroups && echo "$1"; }

# A process that a cgroup v1 freezer holds, as in a paused node, does not even die before it is let go, and the
# namespaces not before it. Only unshare is left beside such processes when the namespaces end.
thaw_at_end() {
  while sleep 1; do
    [ "$(wc -l < "$1")" -le 1 ] || continue
    # shellcheck disable=SC2086
    find $cgroups -name freezer.state -exec sh -c 'for file; do echo THAWED > "$file"; done' sh {} +
  done
}
thaw_at_end "$(first)/cgroup.procs" > /dev/null 2>&1 < /dev/null &
thawing=$!

"$@"

kill "$thawing"
# a cgroup may stay busy for a moment after its last process has ended
for attempt in 1 2 3 4 5 6 7 8 9 10; do
  # shellcheck disable=SC2086
  find $cgroups -depth -type d -exec rmdir {} + 2> /dev/null && break
  sleep 0.2
done
rm -rf "$folder"
