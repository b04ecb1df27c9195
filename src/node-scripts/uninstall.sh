#!/usr/bin/env bash
# Takes K3s and its data off this node; jobs and their logs stay. Run twice, the second finds nothing to do.
# Result: uninstalled=true
# shellcheck disable=SC2034 # variables are read by the parts that are put before this one

for unit in k3s k3s-agent; do
  file=$R/etc/systemd/system/$unit.service
  [ -e "$file" ] || continue
  watched_unit=$unit
  stop_service "$unit"
  systemctl disable "$unit" || true
  rm -f "$file"
done
watched_unit=
systemctl daemon-reload
stop_containers 10
# A volume that is still mounted below is not ours to empty.
if [ -z "$R" ] && grep -q ' /var/lib/\(rancher/k3s\|kubelet\)' /proc/mounts 2>/dev/null; then
  fail MountsLeft 'volumes are still mounted below /var/lib/rancher/k3s or /var/lib/kubelet' 'unmount them or reboot, then run it again'
fi
[ ! -L "$R/usr/local/bin/kubectl" ] || rm -f "$R/usr/local/bin/kubectl"
rm -f "$R/usr/local/bin/k3s"
rm -rf "$R/etc/rancher/k3s" "$R/etc/rancher/node" "$R/var/lib/rancher/k3s" "$R/var/lib/kubelet" "$R/run/k3s" "$R/run/flannel"
rm -f "$R"/etc/systemd/system/k3s{,-agent}.service.env
rm -rf "$STATE_DIR/cache" "$STATE_DIR/started-with" "$STATE_DIR/config-sum" "$STATE_DIR/files"
result uninstalled true
