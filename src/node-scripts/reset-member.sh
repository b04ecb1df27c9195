#!/usr/bin/env bash
# For a server whose etcd member was removed: sets its old database aside, without which it cannot join again. [k3s source]
# Variables: NODE_NAME
# Result: reset=true|false

db=$R/var/lib/rancher/k3s/server/db
if [ "$(service_state k3s)" = active ]; then
  row=$(node_row "$NODE_NAME" 2>/dev/null) || row=
  read -r _ _ voter _ <<<"$row" || true
  [ "${voter:-}" != True ] ||
    fail MemberIsVoter "$NODE_NAME is a voting member of etcd" 'remove it from the cluster first, or leave it alone'
fi
stop_service k3s
if [ -d "$db/etcd" ]; then
  # One old database is kept, in case someone needs it; more would fill the disk.
  rm -rf "$db".removed
  mv "$db" "$db".removed
  rm -f "$STATE_DIR/started-with"
  say "the old database is at $db.removed"
  result reset true
else
  result reset false
fi
