#!/usr/bin/env bash
# What K3s leaves behind at each new version: it unpacks itself into data/<hash>, 200 to 300 MB, and removes none. [k3s source: cmd/k3s, extract]

# sweep_data_folders: removes them, but for those that `current` and `previous` name, and those whose programs still run: the containerd-shim of a pod
# that was never restarted calls runc there. Where `current` is not known nothing is removed. Never fails.
sweep_data_folders() {
  local data=$R/var/lib/rancher/k3s/data current previous folder name running
  current=$(readlink "$data/current" 2>/dev/null) || return 0
  previous=$(readlink "$data/previous" 2>/dev/null) || true
  running=$(readlink /proc/[0-9]*/exe 2>/dev/null) || true
  for folder in "$data"/*; do
    name=${folder##*/}
    if [ -L "$folder" ] || ! [[ $name =~ ^[0-9a-f]{64}$ ]]; then continue; fi
    if [ "$name" = "${current##*/}" ] || [ "$name" = "${previous##*/}" ]; then continue; fi
    case $running in *"$folder/"*) continue ;; esac
    if rm -rf "$folder"; then say "removed K3s's old data folder $name"; fi
  done
}
