#!/usr/bin/env bash
# Of the stand-in: sshd for one key, whose sessions get this container's environment.
source /run/determined/task-setup.sh
set -e
"$DET_PYTHON_EXECUTABLE" -m determined.exec.prep_container --proxy --download_context_directory
mkdir -p /run/sshd /root/.ssh
env | grep -Ev '^(_|HOME|TERM|LANG|LC_[A-Z]*|PWD|OLDPWD|SHLVL)=' >/root/.ssh/environment
exec /usr/sbin/sshd "$@" \
  2> >(tee >("$DET_PYTHON_EXECUTABLE" /run/determined/check_ready_logs.py --ready-regex 'Server listening on') >&2)
