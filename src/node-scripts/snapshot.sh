#!/usr/bin/env bash
# An etcd snapshot on this server's disk. The last two of its name stay: K3s itself keeps all that are saved on demand. [k3s source: etcdsnapshot]
# Variables: SNAPSHOT_NAME
# Result: snapshot=<file name, or the name where the file is not found>
# shellcheck disable=SC2154 # variables are set by the parts that are put before this one

"$R/usr/local/bin/k3s" etcd-snapshot save --name "$SNAPSHOT_NAME" ||
  fail SnapshotFailed "etcd-snapshot save --name $SNAPSHOT_NAME failed" 'is there a leader, and space on the disk?'
# K3s appends node name and time; the newest of that name is ours.
"$R/usr/local/bin/k3s" etcd-snapshot prune --name "$SNAPSHOT_NAME" --snapshot-retention 2 ||
  say 'older snapshots could not be removed'
find_newest_snapshot "$SNAPSHOT_NAME"
result snapshot "${newest:-$SNAPSHOT_NAME}"
