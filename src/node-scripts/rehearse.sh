#!/usr/bin/env bash
# Fetches a backup and restores it in a scratch folder: what is wrong with it shows before anything is taken from anyone. K3s stops here
# meanwhile, for etcd's ports are one, and starts again when the rehearsal fails.
# Variables: ROLE CONFIG (of a server that begins the cluster) CONFIG_HASH RESTORE_REF SHA256 SIZE COMPRESSION [RESTORE_VERSION] [those of install] [those of files];
#            URLs SNAPSHOT_GET TOKEN_GET AGENT_TOKEN_GET
# Result: rehearsed=true, those of install
# shellcheck disable=SC2034,SC2154 # variables are set and read by the parts that are put before this one

start_again() {
  case $was in inactive | failed | unknown) ;; *) systemctl start --no-block k3s ;; esac
}

take_files
run_hook before
[ -z "${K3S_VERSION:-}" ] || install_k3s
# Of restores before this one nothing is needed any more.
find "$STATE_DIR/restore" -mindepth 1 -maxdepth 1 ! -name "$RESTORE_REF" -exec rm -rf {} + 2>/dev/null || true
require_space
[ -z "${RESTORE_VERSION:-}" ] || take_release "$RESTORE_VERSION"
fetch_backup
scratch=$RESTORE/scratch
rm -rf "$scratch"
mkdir -p "$scratch"
# K3s unpacks itself into its data folder: a second copy would cost 200 MB.
[ ! -d "$R/var/lib/rancher/k3s/data" ] || ln -s "$R/var/lib/rancher/k3s/data" "$scratch/data"
printf '%s\ntoken-file: "%s"\n' "$CONFIG" "$RESTORE/token" | put_file "$RESTORE/config.yaml" 600
was=$(service_state k3s)
stop_service k3s
before_failing=start_again
reset_etcd "$RESTORE/config.yaml" "$scratch"
rm -rf "$scratch" "$RESTORE/config.yaml"
say 'the backup can be restored'
result rehearsed true
