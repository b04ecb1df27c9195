#!/usr/bin/env bash
# Our own systemd units; the same settings as those of K3s's installer. [k3s install.sh]
# shellcheck disable=SC2034 # variables are read by the parts that are put behind this one

unit_of() { if [ "$1" = server ]; then printf k3s; else printf k3s-agent; fi; }

unit_text() {
  # A prefix may hold spaces.
  local quote=${R:+\"}
  printf '%s\n' \
    '[Unit]' \
    "Description=Lightweight Kubernetes ($1), managed by Keelson" \
    'Documentation=https://k3s.io' \
    'Wants=network-online.target' \
    'After=network-online.target' \
    '' \
    '[Install]' \
    'WantedBy=multi-user.target' \
    '' \
    '[Service]' \
    'Type=notify' \
    'KillMode=process' \
    'Delegate=yes' \
    'User=root' \
    'LimitNOFILE=1048576' \
    'LimitNPROC=infinity' \
    'LimitCORE=infinity' \
    'TasksMax=infinity' \
    'TimeoutStartSec=0' \
    'Restart=always' \
    'RestartSec=5s' \
    "EnvironmentFile=-$R/etc/default/%N" \
    "EnvironmentFile=-$R/etc/sysconfig/%N" \
    "EnvironmentFile=-$R/etc/systemd/system/$(unit_of "$1").service.env" \
    "ExecStartPre=-$R/sbin/modprobe br_netfilter" \
    "ExecStartPre=-$R/sbin/modprobe overlay" \
    "ExecStart=$quote$R/usr/local/bin/k3s$quote $1"
}

# write_unit ROLE: sets unit_changed to true when something had to be changed. Not enabled yet: K3s without its configuration, started by
# a boot that comes in between, founds a cluster of its own, and can never join another one.
write_unit() {
  local unit file
  unit=$(unit_of "$1")
  file=$R/etc/systemd/system/$unit.service
  unit_changed=false
  if [ "$(cat "$file" 2>/dev/null)" != "$(unit_text "$1")" ]; then
    unit_text "$1" | put_file "$file" 644
    systemctl daemon-reload
    unit_changed=true
  fi
}
