#!/usr/bin/env bash
# Of the stand-in: prepares a command's container, then becomes the command.
source /run/determined/task-setup.sh
set -e
"$DET_PYTHON_EXECUTABLE" -m determined.exec.prep_container --proxy --download_context_directory
exec "$@"
