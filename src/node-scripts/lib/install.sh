#!/usr/bin/env bash
# The binary and the unit, put in place where they are not there yet.
# Variables: K3S_VERSION K3S_MIRROR ARCH ROLE (server, agent) [K3S_SHA256]
# Result: version=, changed=true|false

changed=false
unit_changed=false

install_binary() {
  with_environment fetch_binary
  place_binary
}

# require_tools: fails with the names of all programs that the image lacks. They are what the scripts call besides coreutils, awk, sed and grep.
require_tools() {
  local tool missing=
  for tool in curl openssl systemctl awk sed grep base64; do
    command -v "$tool" >/dev/null 2>&1 || missing+=" $tool"
  done
  [ -z "$missing" ] ||
    fail ToolMissing "this image lacks:$missing" 'use an image with bash, curl, openssl, systemd and the SSM agent'
}

install_k3s() {
  require_tools
  if ! binary_is_right; then
    install_binary
    changed=true
  fi
  [ -e "${K3S%/*}/kubectl" ] || ln -sf k3s "${K3S%/*}/kubectl"
  write_unit "$ROLE"
  [ "$unit_changed" = false ] || changed=true
  say "K3s $K3S_VERSION is installed as $ROLE (changed: $changed)"
  result version "$K3S_VERSION"
  result changed "$changed"
}
