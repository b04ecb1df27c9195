#!/usr/bin/env bash
# Restores a backup on this machine, which was launched for it and has nothing else, and counts what is there. K3s runs without its agent: no pod
# starts, and nothing of the cluster that serves is asked.
# Variables: ROLE NODE_NAME CONFIG (with disable-agent) CONFIG_HASH RESTORE_REF MARKER SHA256 SIZE COMPRESSION [those of install] [those of files];
#            URLs SNAPSHOT_GET TOKEN_GET AGENT_TOKEN_GET
# Result: restored=true, count.<kind>=<how many there are>, those of install
# shellcheck disable=SC2034,SC2154 # variables are set and read by the parts that are put before this one

take_files
# Manifests would change what the backup holds.
rm -rf "$MANIFESTS"
install_k3s
require_space
if [ ! -e "$RESTORE/done" ]; then
  fetch_backup
  restore_tokens
  write_config
  stop_service k3s
  rm -rf "$SERVER_DIR/db"
  reset_etcd "$K3S_ETC/config.yaml" "${SERVER_DIR%/server}"
  rm -f "$RESTORE/token" "$RESTORE/agent-token" "$RESTORE/snapshot" "$STARTED_WITH"
  : >"$RESTORE/done"
fi
START_PATIENCE=60
start_and_wait
await_api 60
check_marker 'take a backup, and drill again'
count_objects
result restored true
say 'the backup is restored here'
