#!/usr/bin/env bash
# config.yaml, tokens, and K3s as a service: started once, never blocked on, watched until it is there.
# Variables: ROLE NODE_NAME CONFIG_B64 (or CONFIG) CONFIG_HASH; RESTART UNCORDON
# shellcheck disable=SC2034 # variables are read by the parts that are put behind this one

K3S_ETC=$R/etc/rancher/k3s
SERVER_DIR=$R/var/lib/rancher/k3s/server
# `hash version` of what the service was last started with.
STARTED_WITH=$STATE_DIR/started-with

# The configuration that the workflow has rendered, and where the secrets lie, which it must not know.
config_text() {
  if [ -n "${CONFIG_B64:-}" ]; then base64 --decode <<<"$CONFIG_B64"; else printf '%s\n' "$CONFIG"; fi
  if [ "$ROLE" = server ]; then
    printf 'token-file: "%s"\nagent-token-file: "%s"\n' "$K3S_ETC/server-token" "$K3S_ETC/agent-token"
  else
    printf 'token-file: "%s"\n' "$K3S_ETC/agent-token"
  fi
}

write_config() {
  local text file=$K3S_ETC/config.yaml
  text=$(config_text)
  [ "$(cat "$file" 2>/dev/null)" = "$text" ] || put_file "$file" 600 <<<"$text"
  # The script probe compares it.
  sha256_of "$file" >"$STATE_DIR/config-sum"
}

# run_service: enables and starts the service, whose configuration is in place; restarts it where it runs with another configuration
# or version, or where RESTART is true, else leaves it alone. Only at a start does K3s renew certificates and defragment etcd.
# [docs: cli/certificate; k3s source: etcd]
run_service() {
  local unit wanted
  unit=$(unit_of "$ROLE")
  wanted="$CONFIG_HASH $(installed_version)"
  watched_unit=$unit
  systemctl is-enabled "$unit" >/dev/null 2>&1 || systemctl enable "$unit"
  while [ "$(service_state "$unit")" = deactivating ]; do
    waiting "the end of the $unit service"
    sleep "$POLL"
  done
  case $(service_state "$unit") in
    active | activating | reloading)
      if [ "${RESTART:-}" != true ] && runs_with "$wanted"; then
        say "$unit runs with this configuration"
      else
        say "restarting $unit"
        systemctl restart --no-block "$unit"
      fi
      ;;
    *)
      say "starting $unit"
      # K3s's unit has no start time-out: a bad join would block a plain start for ever. [docs: K3s, Type=notify]
      systemctl start --no-block "$unit"
      ;;
  esac
  # After the start: if this job ends in between, the next one restarts once too often rather than not at all.
  printf '%s' "$wanted" | put_file "$STARTED_WITH" 600
}

# runs_with WANTED: the first boot could not know the hash, and has noted the sum of the file instead. [found.sh]
runs_with() {
  local started
  started=$(cat "$STARTED_WITH" 2>/dev/null) || return 1
  [ "$started" = "$1" ] || [[ $started = boot-*" ${1#* } $(cat "$STATE_DIR/config-sum")" ]]
}

service_state() {
  local state
  state=$(systemctl is-active "$1" 2>/dev/null) || true
  printf '%s' "${state:-unknown}"
}

restarts_of() {
  local count
  count=$(systemctl show -p NRestarts --value "$1" 2>/dev/null) || true
  printf '%s' "${count:-0}"
}

# await_service: until the unit is active. systemd starts a failing K3s again and again; what cannot heal fails at once, and what has begun
# three times fails after START_PATIENCE seconds: a server may have to wait for its peers, the first one and agents wait for none.
await_service() {
  local unit since state restarts patience=${START_PATIENCE:-120}
  [ "$ROLE" != agent ] || patience=${START_PATIENCE:-40}
  unit=$(unit_of "$ROLE")
  since=$SECONDS
  restarts=$(restarts_of "$unit")
  while state=$(service_state "$unit") && [ "$state" != active ]; do
    waiting "the $unit service ($state)"
    ! declare -F help_start >/dev/null || help_start
    if [ "$state" = failed ]; then service_failed "$unit" "has failed"; fi
    if [ $(($(restarts_of "$unit") - restarts)) -ge 2 ]; then
      fatal_in_journal "$unit"
      [ $((SECONDS - since)) -lt "$patience" ] || service_failed "$unit" "does not come up"
    fi
    sleep "$POLL"
  done
}

service_failed() {
  show_journal "$1"
  fail ServiceFailed "the $1 service $2" "see the journal: journalctl -u $1"
}

# fatal_in_journal UNIT: reasons that no further start will change. [k3s source: clientaccess, cluster, nodepassword]
fatal_in_journal() {
  local lines
  command -v journalctl >/dev/null 2>&1 || return 0
  lines=$(journalctl -u "$1" -n 30 --no-pager -o cat 2>/dev/null) || return 0
  case $lines in
    *'token CA hash does not match'*) fatal "$1" TokenRejected 'the token names another cluster CA' 'the address of the server to join belongs to another cluster' ;;
    *'Node password rejected'*) fatal "$1" NodeNameTaken "the name $NODE_NAME belongs to another machine" 'remove that Node, or join under a new name' ;;
    *'critical configuration'*) fatal "$1" ConfigMismatch 'the configuration differs from the other servers in a critical setting' 'give all servers the same configuration' ;;
    *'different token'* | *'not authorized'* | *'401 Unauthorized'*) fatal "$1" TokenRejected 'the server refuses the token' 'the token in the bucket is not of this cluster' ;;
  esac
}

fatal() {
  show_journal "$1"
  fail "$2" "$3" "$4"
}

# await_vote: until the etcd member of this server votes. K3s serves its API, and the unit is active, only after that.
# [k3s source: pkg/etcd, Test]
await_vote() {
  while is_learner; do
    waiting "etcd to promote $NODE_NAME to a voter"
    ! declare -F help_start >/dev/null || help_start
    sleep "$POLL"
    await_service
  done
}

# await_node [SECONDS]: until this server's own node is Ready; fails never, and waits no longer than SECONDS if that is given.
await_node() {
  local row='' ready=False until=$((SECONDS + ${1:-0}))
  until row=$(node_row "$NODE_NAME" 2>/dev/null) && [ -n "$row" ] && read -r _ ready _ <<<"$row" && [ "$ready" = True ]; do
    [ -z "${1:-}" ] || [ "$SECONDS" -lt "$until" ] || return 0
    if [ -z "$row" ]; then
      waiting "node $NODE_NAME to register"
    else
      waiting "node $NODE_NAME (Ready: $ready)"
    fi
    sleep "$POLL"
    await_service
  done
}

# start_and_wait: the service with this configuration, until its unit is active and the member of a server votes.
start_and_wait() {
  write_config
  run_service
  await_service
  [ "$ROLE" = agent ] || await_vote
  sweep_data_folders
  result node "$NODE_NAME"
  say "$NODE_NAME is there"
}
