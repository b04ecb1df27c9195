#!/usr/bin/env bash
# What a start of K3s takes over of a rotation.
# Variables: [ROTATE (certificates, encryption-key; token or agent-token, with the URL TOKEN_GET or AGENT_TOKEN_GET; ca, with both, or with
#            TOKEN_PUT and AGENT_TOKEN_PUT on the server that has made it) ROTATION_REF (names the rotation)]
# shellcheck disable=SC2034,SC2154 # variables are set by the parts that are put before this one

# take_rotation: before K3s is started; once for each ROTATION_REF.
take_rotation() {
  local done=$STATE_DIR/rotation/${ROTATION_REF:-none}/taken
  [ -n "${ROTATE:-}" ] && [ ! -e "$done" ] || return 0
  case $ROTATE in
    certificates) rotate_certificates ;;
    token) fetch_token TOKEN_GET server-token ;;
    agent-token) fetch_token AGENT_TOKEN_GET agent-token ;;
    ca) take_ca ;;
    # A server loads the key from the datastore whenever it starts.
    encryption-key) ;;
  esac
  printf '%s\n' "$ROTATE" | put_file "$done" 600
}

# take_ca: tokens with the hash of the new CA; the server that has made it gets them from K3s, at its start. K3s takes the CA itself from the datastore,
# agents from their servers. [docs: cli/certificate]
take_ca() {
  [ "$ROLE" = agent ] || ! has_url TOKEN_GET || fetch_token TOKEN_GET server-token
  ! has_url AGENT_TOKEN_GET || fetch_token AGENT_TOKEN_GET agent-token
}

# hand_on_rotation: after the start, what other nodes need of it.
hand_on_rotation() {
  [ "${ROTATE:-}" = ca ] && [ "$ROLE" = server ] || return 0
  if has_url TOKEN_PUT; then
    until [ "$(ca_hash)" != "$(cat "$STATE_DIR/rotation/$ROTATION_REF/ca-before")" ]; do
      waiting 'K3s to write the hash of its new CA into its token'
      sleep "$POLL"
    done
    put_file "$K3S_ETC/server-token" 600 <"$SERVER_DIR/token"
    store_token token TOKEN_PUT
    store_token agent-token AGENT_TOKEN_PUT
  fi
  result ca-hash "$(ca_pin)"
}

# rotate_certificates: K3s removes certificates and keys of this node, and makes new ones when it starts. [docs: cli/certificate]
rotate_certificates() {
  local unit said
  unit=$(unit_of "$ROLE")
  watched_unit=$unit
  stop_service "$unit"
  if ! said=$("$R/usr/local/bin/k3s" certificate rotate 2>&1); then
    say "$said"
    systemctl start --no-block "$unit"
    fail RotationFailed "k3s certificate rotate failed: $(tail -n 1 <<<"$said" | cut -c 1-300)" 'see the lines of the log'
  fi
  say 'certificates are made again at the start'
}

# forget_old_certificates: K3s keeps the old ones beside the new ones for ever, with their keys. [k3s source: pkg/cli/cert, backupCertificates]
forget_old_certificates() {
  [ "${ROTATE:-}" = certificates ] || return 0
  rm -rf "$SERVER_DIR"/tls-[0-9]* "$R"/var/lib/rancher/k3s/agent/tls-[0-9]*
}
