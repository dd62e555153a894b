# Of the stand-in: sourced by the entrypoints. Installs the wheel that came with the task.
export DET_PYTHON_EXECUTABLE="${DET_PYTHON_EXECUTABLE:-python3}"
export PATH="/run/determined/pythonuserbase/bin:$PATH"
if ! "$DET_PYTHON_EXECUTABLE" --version >/dev/null 2>&1; then
  echo "error: unable to find python3 as '$DET_PYTHON_EXECUTABLE'" >&2
  exit 1
fi
if [ -z "$DET_SKIP_PIP_INSTALL" ]; then
  "$DET_PYTHON_EXECUTABLE" -m pip install -q --user /opt/determined/wheels/determined*.whl
elif ! "$DET_PYTHON_EXECUTABLE" -c 'import determined' >/dev/null 2>&1; then
  echo 'error: unable run without determined package' >&2
  exit 1
fi
if [ -z "$HOME" ] || [ "$HOME" = / ]; then export HOME=/root; fi
