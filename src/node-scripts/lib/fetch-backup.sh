#!/usr/bin/env bash
# A backup from the bucket to the disk: its snapshot, checked and unpacked, and both tokens of its time, in $RESTORE.
# Variables: SHA256 SIZE COMPRESSION; URLs SNAPSHOT_GET TOKEN_GET AGENT_TOKEN_GET
# shellcheck disable=SC2154 # variables are set by the parts that are put before this one

require_space() {
  local free need=$((SIZE / 128 + 102400))
  mkdir -p "$RESTORE"
  free=$(df -Pk "$RESTORE" | awk 'NR == 2 { print $4 }')
  [ "$free" -ge "$need" ] ||
    fail DiskFull "a restore needs $((need / 1024)) MiB of disk, and $((free / 1024)) MiB are free" 'free space on the root volume or make it larger'
}

fetch() {
  get_object "$1" "$2" || transfer_failed "the $3 of the backup" Bucket BackupIncomplete 'restore another backup: keelson backups'
}

fetch_snapshot() {
  local packed=$RESTORE/packed
  if [ "$COMPRESSION" = zstd ] && ! command -v zstd >/dev/null 2>&1; then
    fail ZstdMissing 'the snapshot is compressed by zstd, which this node does not have' 'use an image with zstd, or install it'
  fi
  fetch SNAPSHOT_GET "$packed" snapshot
  if [ "$(wc -c <"$packed" | tr -d ' ')" != "$SIZE" ] || [ "$(sha256_of "$packed")" != "$SHA256" ]; then
    fail SnapshotDamaged 'the snapshot in the bucket is not what its manifest says: size or SHA-256 differ' 'restore another backup: keelson backups'
  fi
  case $COMPRESSION in zstd) zstd -q -d -c "$packed" ;; *) gzip -d -c "$packed" ;; esac >"$RESTORE/snapshot" ||
    fail SnapshotDamaged 'the snapshot cannot be unpacked' 'restore another backup, or free space on the disk'
  rm -f "$packed"
}

fetch_backup() {
  fetch_snapshot
  fetch TOKEN_GET "$RESTORE/token" token
  fetch AGENT_TOKEN_GET "$RESTORE/agent-token" 'agent token'
}
