#!/usr/bin/env bash
# An etcd snapshot to the bucket: saved, compressed, sent, with both tokens of its time. On the disk only the last one stays.
# A marker is written to the cluster first: who restores the snapshot finds it there again.
# Variables: MARKER BACKUP (its id) PART_BYTES; URLs SNAPSHOT_PUT TOKEN_PUT AGENT_TOKEN_PUT
# Result: node=, version=<K3s>, etcd=, revision=<of the marker>, token-version=, sha256= and size= of what was sent,
#         compression=zstd|gzip, count.<kind>=<how many there are>
# shellcheck disable=SC2154 # variables are set by the parts that are put before this one

NAME=keelson-backup
NAMESPACE=kube-system

# A snapshot that goes in parts stays here until they are sent.
KEPT=$STATE_DIR/backup

write_marker() {
  local patch
  patch=$(printf '{"data":{"marker":"%s"}}' "$MARKER")
  change patch configmap "$NAME" -n "$NAMESPACE" --type merge -p "$patch" >/dev/null 2>&1 ||
    change create configmap "$NAME" -n "$NAMESPACE" "--from-literal=marker=$MARKER" >/dev/null ||
    fail MarkerNotWritten "the ConfigMap $NAMESPACE/$NAME cannot be written" 'does the API take writes? see EtcdSpace, and admission webhooks'
}

require_space() {
  local need free database=$SERVER_DIR/db/etcd/member/snap/db
  # The snapshot, and what is compressed of it.
  need=$((2 * $(du -k "$database" 2>/dev/null | awk '{ print $1 }' || printf 0) + 10240))
  free=$(df -Pk "$SERVER_DIR" | awk 'NR == 2 { print $4 }')
  [ "$free" -ge "$need" ] ||
    fail DiskFull "a backup needs $((need / 1024)) MiB of disk, and $((free / 1024)) MiB are free" 'free space on the root volume or make it larger'
}

save_snapshot() {
  local said
  if ! said=$("$R/usr/local/bin/k3s" etcd-snapshot save --name "$NAME" 2>&1); then
    say "$said"
    case $said in
      *'no space left'*) fail DiskFull 'the snapshot cannot be written: no space left on the disk' 'free space on the root volume or make it larger' ;;
      *) fail SnapshotFailed "etcd-snapshot save failed: $(tail -n 1 <<<"$said")" 'is there a leader, and space on the disk?' ;;
    esac
  fi
  find_newest_snapshot "$NAME-"
  [ -n "$newest" ] || fail SnapshotFailed 'etcd-snapshot save left no file' 'see the journal: journalctl -u k3s'
  # Without this each one would stay: K3s keeps what is saved on demand. [k3s source: etcdsnapshot]
  "$R/usr/local/bin/k3s" etcd-snapshot prune --name "$NAME" --snapshot-retention 1 >/dev/null 2>&1 || say 'older snapshots could not be removed'
}

# Beside other work, and so that it does not take the CPU from it.
compress() {
  if command -v zstd >/dev/null 2>&1; then
    compression=zstd
    nice -n 10 zstd -q -3 -c "$1" >"$2"
  else
    compression=gzip
    nice -n 10 gzip -c -1 "$1" >"$2"
  fi || fail DiskFull 'the snapshot cannot be compressed: its copy cannot be written' 'free space on the root volume or make it larger'
}

send() {
  put_object "$1" "$2" || transfer_failed "storing the $3 in the bucket" Bucket BucketMissing 'check bucket and key'
}

await_api 20
rm -rf "$KEPT"
require_space
write_marker
revision=$(ask configmap "$NAME" -n "$NAMESPACE" -o 'go-template={{.metadata.resourceVersion}}')
save_snapshot
file=$(temporary_folder)/snapshot
compress "$R/var/lib/rancher/k3s/server/db/snapshots/$newest" "$file"
size=$(wc -c <"$file" | tr -d ' ')
# Tokens first: what can be restored is stored last.
send "$SERVER_DIR/token" TOKEN_PUT token
send "$SERVER_DIR/agent-token" AGENT_TOKEN_PUT agent-token
result sha256 "$(sha256_of "$file")"
if [ "$size" -le "$PART_BYTES" ]; then
  send "$file" SNAPSHOT_PUT snapshot
else
  mkdir -p "$KEPT"
  mv "$file" "$KEPT/$BACKUP"
fi
result size "$size"
result compression "$compression"
result revision "$revision"
result node "$(sed -n 's/^node-name: "\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' "$K3S_ETC/config.yaml")"
result version "$(installed_version)"
result etcd "$(etcd_tells metrics | sed -n 's/^etcd_server_version{server_version="\([^"]*\)"} 1$/\1/p')"
result token-version "$(sha256_of "$SERVER_DIR/token" | cut -c 1-12)"
count_objects
say "snapshot $newest is saved ($size bytes, $compression)"
