#!/usr/bin/env bash
# The containers that K3s leaves running when its service stops. [k3s docs: stopping]

# Processes below cgroups of the service and of Kubernetes' pods: a cgroup says for certain whose a process is, a name does not.
container_processes() {
  local folder
  for folder in "$R"/sys/fs/cgroup/system.slice/k3s.service "$R"/sys/fs/cgroup/system.slice/k3s-agent.service \
    "$R"/sys/fs/cgroup/kubepods.slice "$R"/sys/fs/cgroup/kubepods; do
    [ ! -d "$folder" ] || find "$folder" -name cgroup.procs -exec cat {} + 2>/dev/null || true
  done
}

# stop_containers SECONDS: TERM, and after the grace KILL. Mounts and network interfaces are left: the next start takes them over.
stop_containers() {
  local until=$((SECONDS + $1)) pids
  pids=$(container_processes)
  [ -n "$pids" ] || return 0
  say "ending $(wc -l <<<"$pids" | tr -d ' ') processes of containers"
  signal_each TERM "$pids"
  while pids=$(container_processes) && [ -n "$pids" ] && [ "$SECONDS" -lt "$until" ]; do
    waiting 'containers to end'
    sleep "$POLL"
  done
  [ -z "$pids" ] || signal_each KILL "$pids"
}

signal_each() {
  local pid
  while read -r pid; do kill "-$1" "$pid" 2>/dev/null || true; done <<<"$2"
}
