#!/bin/sh
# import-images.sh TREE ARCHIVE PAUSE_ARCHIVE PAUSE_FROM PAUSE_TO: gives the containerd in a node's tree the images of
# ARCHIVE, and of PAUSE_ARCHIVE only PAUSE_FROM, under the name PAUSE_TO. Runs in mount and PID namespaces of its own.
set -eu
tree=$1 archive=$2 pause_archive=$3 pause_from=$4 pause_to=$5

mount -t proc proc "$tree/proc"
mount -t tmpfs tmpfs "$tree/run"
for name in archive pause_archive; do
  : > "$tree/run/$name.tar"
done
mount --bind "$archive" "$tree/run/archive.tar"
mount --bind "$pause_archive" "$tree/run/pause_archive.tar"

chroot "$tree" containerd --log-level error &
containerd=$!
images() { chroot "$tree" ctr --namespace k8s.io images "$@"; }
tries=0
until images list --quiet > /dev/null 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -lt 100 ] || exit 1
  sleep 0.1
done

# not unpacked: the node unpacks on its /var, which is a volume
images import --no-unpack /run/pause_archive.tar
images tag --force "$pause_from" "$pause_to"
images list --quiet | grep -vxF "$pause_to" | xargs chroot "$tree" ctr --namespace k8s.io images remove --sync
images import --no-unpack /run/archive.tar
images list --quiet
kill "$containerd"
wait "$containerd"
