#!/usr/bin/env bash
# Cordons and drains a node, through a server. PodDisruptionBudgets are respected; at the time-out the drain has failed.
# Variables: NODE_NAME DRAIN_TIMEOUT (kubectl's, `5m`); DRAIN_FORCE, DRAIN_EMPTY_DIR (true: pods without a controller, and those with emptyDir, go too)
# Result: drained=true|false, reason=; when drained also nodes as in verify

# pods_after WORDS: the pods that kubectl names behind these words of its message.
pods_after() { sed -n "s/.*$1[^:]*: //p" "$output" | tail -n 1 | sed 's/, cannot delete.*//; s/, continuing command.*//; s/].*//' | cut -c 1-300; }

await_api 20
if [ -z "$(node_row "$NODE_NAME")" ]; then
  say "there is no node $NODE_NAME"
  result drained true
  result reason NodeAbsent
  exit 0
fi
change cordon "$NODE_NAME"
output=$(temporary_folder)/drain
if kubectl drain "$NODE_NAME" --ignore-daemonsets "--force=${DRAIN_FORCE:-false}" "--delete-emptydir-data=${DRAIN_EMPTY_DIR:-false}" \
  "--timeout=$DRAIN_TIMEOUT" >"$output" 2>&1; then
  tail -n 20 "$output"
  result drained true
  report_nodes
else
  tail -n 40 "$output"
  result drained false
  result reason "$(grep -i 'error' "$output" | tail -n 1 | cut -c 1-300)"
  # kubectl refuses these before it evicts anything. [kubectl source: pkg/drain, filters]
  if grep -q 'use --force to override' "$output"; then
    fail DrainNeedsForce "$NODE_NAME has pods without a controller: $(pods_after 'declare no controller')" 'delete or move them, or set spec.upgrade.drain.force'
  elif grep -q 'use --delete-emptydir-data to override' "$output"; then
    fail DrainNeedsEmptyDir "$NODE_NAME has pods with emptyDir volumes: $(pods_after 'with local storage')" 'delete or move them, or set spec.upgrade.drain.deleteEmptyDir'
  fi
  fail DrainFailed "$NODE_NAME is not drained after $DRAIN_TIMEOUT" 'see which pods remain and which PodDisruptionBudget holds them'
fi
