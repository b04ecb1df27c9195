#!/usr/bin/env bash
# Etcd snapshots on this server's disk.
# shellcheck disable=SC2034 # variables are read by the parts that are put behind this one

# find_newest_snapshot PREFIX: in `newest` the file name of the newest one whose name begins so; empty for none.
find_newest_snapshot() {
  local file path=
  # One that is being written ends in .part. [etcd: client/v3/snapshot]
  for file in "$R/var/lib/rancher/k3s/server/db/snapshots/$1"*; do
    case $file in *.part) continue ;; esac
    if [ -e "$file" ] && { [ -z "$path" ] || [ "$file" -nt "$path" ]; }; then path=$file; fi
  done
  newest=${path##*/}
}
