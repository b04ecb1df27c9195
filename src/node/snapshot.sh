#!/usr/bin/env bash
# An etcd snapshot on this server's disk.
# Variables: SNAPSHOT_NAME
# Result: snapshot=<file name, or the name where the file is not found>

folder=$R/var/lib/rancher/k3s/server/db/snapshots
"$R/usr/local/bin/k3s" etcd-snapshot save --name "$SNAPSHOT_NAME" ||
  fail SnapshotFailed "etcd-snapshot save --name $SNAPSHOT_NAME failed" 'is there a leader, and space on the disk?'
# K3s appends node name and time; the newest of that name is ours.
newest=
for file in "$folder/$SNAPSHOT_NAME"*; do
  if [ -e "$file" ] && { [ -z "$newest" ] || [ "$file" -nt "$newest" ]; }; then newest=$file; fi
done
newest=${newest##*/}
result snapshot "${newest:-$SNAPSHOT_NAME}"
