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

"$@"

# a cgroup may stay busy for a moment after its last process has ended
for attempt in 1 2 3 4 5 6 7 8 9 10; do
  # shellcheck disable=SC2086
  find $cgroups -depth -type d -exec rmdir {} + 2> /dev/null && break
  sleep 0.2
done
rm -rf "$folder"
