#!/usr/bin/env bash
# What a server that was restored starts with, and how it is recognised.
# Variables: MARKER
# shellcheck disable=SC2154 # variables are set by the parts that are put before this one

# A server takes its agent token literally. [k3s source: deps.go]
restore_tokens() {
  put_file "$K3S_ETC/server-token" 600 <"$RESTORE/token"
  sed 's/^K10[0-9a-f]*::[a-z]*://' "$RESTORE/agent-token" | put_file "$K3S_ETC/agent-token" 600
}

# check_marker HINT: whether it is this backup that was restored.
check_marker() {
  local there
  there=$(ask configmap keelson-backup -n kube-system -o 'go-template={{.data.marker}}') || there=
  [ "$there" = "$MARKER" ] || fail MarkerMismatch "the cluster has the marker \"$there\", and the backup's is \"$MARKER\"" "$1"
}
