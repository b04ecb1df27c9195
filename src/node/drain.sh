#!/usr/bin/env bash
# Cordons and drains a node, through a server. PodDisruptionBudgets are respected; at the time-out the drain has failed.
# Variables: NODE_NAME DRAIN_TIMEOUT (kubectl's, `5m`)
# Result: drained=true|false, reason=; when drained also nodes as in verify

await_api 20
if [ -z "$(node_row "$NODE_NAME")" ]; then
  say "there is no node $NODE_NAME"
  result drained true
  result reason NodeAbsent
  exit 0
fi
change cordon "$NODE_NAME"
output=$(temporary_folder)/drain
if kubectl drain "$NODE_NAME" --ignore-daemonsets --delete-emptydir-data "--timeout=$DRAIN_TIMEOUT" >"$output" 2>&1; then
  tail -n 20 "$output"
  result drained true
  report_nodes
else
  tail -n 40 "$output"
  result drained false
  result reason "$(grep -i 'error' "$output" | tail -n 1 | cut -c 1-300)"
  fail DrainFailed "$NODE_NAME is not drained after $DRAIN_TIMEOUT" 'see which pods remain and which PodDisruptionBudget holds them'
fi
