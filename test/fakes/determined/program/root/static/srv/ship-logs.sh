#!/usr/bin/env bash
# Of the stand-in: starts the log shipper, whose path is the first argument.
exec "${DET_PYTHON_EXECUTABLE:-python3}" "$@"
