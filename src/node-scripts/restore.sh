#!/usr/bin/env bash
# Restores the backup that was rehearsed here, and starts K3s with it as the only server. What was there before is kept aside. It may end
# anywhere and be run again: what is done is not done twice.
# Variables: ROLE NODE_NAME CONFIG CONFIG_HASH RESTORE_REF MARKER CLUSTERS (names) KEEP_NODES (names of nodes with an instance) [those of files] [API_ADDRESS];
#            URLs TOKEN_PUT AGENT_TOKEN_PUT [KUBECONFIG_PUT]
# Result: node=, ca-hash=, removed=<names of stale nodes>, nodes as in verify, address=
# shellcheck disable=SC2034,SC2154 # variables are set and read by the parts that are put before this one

OLD=$SERVER_DIR.before-restore

# Everything that K3s has made for the old cluster: it finds its certificates and keys in the snapshot.
set_aside() {
  if [ ! -e "$RESTORE/aside" ]; then
    if [ -d "$SERVER_DIR" ]; then
      rm -rf "$OLD"
      mv "$SERVER_DIR" "$OLD"
    fi
    : >"$RESTORE/aside"
  fi
  # Of a try before this one.
  rm -rf "$SERVER_DIR"
}

# is_ours NODE: whether its name is one that Keelson gives, in a cluster of these names.
is_ours() {
  local one
  for one in $CLUSTERS; do case $1 in "$one"-*-g[0-9]*) return 0 ;; esac done
  return 1
}

# Nodes of this cluster that have no instance any more: their members and leases came back with the snapshot.
remove_stale_nodes() {
  local name names removed=
  names=$(ask nodes -o 'go-template={{range .items}}{{.metadata.name}}{{"\n"}}{{end}}')
  for name in $names; do
    is_ours "$name" || continue
    case " $KEEP_NODES " in *" $name "*) continue ;; esac
    kubectl delete node "$name" --timeout=60s || say "node $name cannot be deleted"
    removed="$removed $name"
  done
  result removed "${removed# }"
}

if [ ! -e "$RESTORE/done" ]; then
  [ -s "$RESTORE/snapshot" ] || fail RestoreNotRehearsed 'the snapshot is not on this server' 'it is planned again'
  watched_unit=k3s
  stop_service k3s
  set_aside
  # That of the snapshot's time, which has rehearsed it.
  [ ! -e "$RESTORE/k3s" ] || mv -f "$RESTORE/k3s" "$K3S"
  # Manifests lie in the folder that was set aside.
  take_files
  restore_tokens
  write_config
  reset_etcd "$K3S_ETC/config.yaml" "${SERVER_DIR%/server}"
  # K3s was never started with this data.
  rm -f "$STARTED_WITH"
  : >"$RESTORE/done"
fi
# They are where K3s reads them, and nowhere else on this disk.
rm -f "$RESTORE/token" "$RESTORE/agent-token"
start_and_wait
await_api 60
check_marker "the old data is at $OLD"
remove_stale_nodes
store_token token TOKEN_PUT
store_token agent-token AGENT_TOKEN_PUT
! has_url KUBECONFIG_PUT || store_kubeconfig
result ca-hash "$(ca_pin)"
run_hook after
await_node 20
report_nodes
rm -f "$RESTORE/snapshot"
