#!/usr/bin/env bash
# Of the stand-in: JupyterLab with TLS on NOTEBOOK_PORT, told ready by what it prints.
source /run/determined/task-setup.sh
set -e
"$DET_PYTHON_EXECUTABLE" -m determined.exec.prep_container --proxy --download_context_directory
exec jupyter lab --ServerApp.port="$NOTEBOOK_PORT" --ServerApp.ip=0.0.0.0 --ServerApp.base_url="/proxy/$DET_TASK_ID/" \
  --ServerApp.allow_root=True --ServerApp.open_browser=False --ServerApp.allow_origin='*' --ServerApp.trust_xheaders=True \
  --IdentityProvider.token= --ServerApp.root_dir="$DET_WORKDIR" --ServerApp.port_retries=0 \
  --ServerApp.certfile=/run/determined/jupyter/jupyterCert.pem --ServerApp.keyfile=/run/determined/jupyter/jupyterKey.key \
  > >(tee >("$DET_PYTHON_EXECUTABLE" /run/determined/check_ready_logs.py --ready-regex 'Jupyter Server .* is running')) 2>&1
