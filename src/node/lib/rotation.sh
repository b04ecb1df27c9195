#!/usr/bin/env bash
# What a start of K3s takes over of a rotation.
# Variables: [ROTATE (certificates, or token, with the URL TOKEN_GET) ROTATION_REF (names the rotation)]
# shellcheck disable=SC2154 # variables are set by the parts that are put before this one

# take_rotation: before K3s is started; once for each ROTATION_REF.
take_rotation() {
  local done=$STATE_DIR/rotation/${ROTATION_REF:-none}/taken
  [ -n "${ROTATE:-}" ] && [ ! -e "$done" ] || return 0
  case $ROTATE in
    certificates) rotate_certificates ;;
    token) fetch_token TOKEN_GET server-token ;;
  esac
  printf '%s\n' "$ROTATE" | put_file "$done" 600
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
