#!/usr/bin/env bash
# Of the stand-in: unpacks the task's archives, of which there are $1 in $2, into $3.
set -e
for number in $(seq 0 $(($1 - 1))); do
  mkdir -p "$3"
  tar -xzf "$2/$number.tar.gz" -C "$3"
done
