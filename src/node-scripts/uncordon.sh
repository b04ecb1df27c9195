#!/usr/bin/env bash
# Lets pods come back to a node, through a server.
# Variables: NODE_NAME [AWAIT_READY (seconds: the node is to be Ready within them, or nothing is changed)]
# Result: uncordoned=true

await_api 20
require_node "$NODE_NAME"
until=$((SECONDS + ${AWAIT_READY:-0}))
while [ -n "${AWAIT_READY:-}" ] && ! is_ready "$NODE_NAME"; do
  waiting "node $NODE_NAME to be Ready"
  [ "$SECONDS" -lt "$until" ] ||
    fail NodeNotReady "$NODE_NAME is not Ready $AWAIT_READY s after its change" 'see its kubelet: journalctl -u k3s-agent'
  sleep "$POLL"
done
change uncordon "$NODE_NAME"
result uncordoned true
