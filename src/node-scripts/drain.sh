#!/usr/bin/env bash
# Cordons and drains a node, through a server. PodDisruptionBudgets are respected; at the time-out the drain has failed.
# Variables: NODE_NAME DRAIN_TIMEOUT (kubectl's, `5m`); DRAIN_FORCE, DRAIN_EMPTY_DIR (true: pods without a controller, and those with emptyDir, go too);
# DRAIN_FIRST (kubectl's: after that the job ends without a failure when a PodDisruptionBudget holds a pod, so that it can be named before the time is over)
# Result: drained=true|false, reason=, held= (pods that a PodDisruptionBudget holds); when drained also nodes as in verify

# pods_after WORDS: the pods that kubectl names behind these words of its message.
pods_after() { sed -n "s/.*$1[^:]*: //p" "$output" | tail -n 1 | sed 's/, cannot delete.*//; s/, continuing command.*//; s/].*//' | cut -c 1-300; }

# pods_held: namespace and name of up to three pods whose eviction a PodDisruptionBudget has refused. [kubectl source: pkg/drain, drain.go]
pods_held() {
  sed -n '/disruption budget/s/^error when evicting pod[^"]*"\([^"]*\)" -n "\([^"]*\)".*/\2\/\1/p' "$output" | sort -u | head -n 3 | tr '\n' ' ' | sed 's/ $//; s/ /, /g'
}

# try_drain TIME: whether the node is drained within the time.
try_drain() {
  kubectl drain "$NODE_NAME" --ignore-daemonsets "--force=${DRAIN_FORCE:-false}" "--delete-emptydir-data=${DRAIN_EMPTY_DIR:-false}" \
    "--timeout=$1" >"$output" 2>&1
}

# is_over: whether the time was over, and not something else wrong.
is_over() { grep -q 'global timeout reached' "$output"; }

is_held() { grep -q 'disruption budget' "$output"; }

# drain_node: in the first part of the time a refusal of a budget ends the job; pods that only end slowly get the rest.
drain_node() {
  [ -n "${DRAIN_FIRST:-}" ] || { try_drain "$DRAIN_TIMEOUT"; return; }
  ! try_drain "$DRAIN_FIRST" || return 0
  is_over || return 1
  if is_held; then
    tail -n 20 "$output"
    result drained false
    result held "$(pods_held)"
    exit 0
  fi
  try_drain "$DRAIN_TIMEOUT"
}

await_api 20
if [ -z "$(node_row "$NODE_NAME")" ]; then
  say "there is no node $NODE_NAME"
  result drained true
  result reason NodeAbsent
  exit 0
fi
change cordon "$NODE_NAME"
output=$(temporary_folder)/drain
if drain_node; then
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
  elif is_held; then
    result held "$(pods_held)"
    fail DrainFailed "a PodDisruptionBudget holds $(pods_held): $NODE_NAME is not drained after $DRAIN_TIMEOUT" 'see kubectl get pdb -A'
  fi
  fail DrainFailed "$NODE_NAME is not drained after $DRAIN_TIMEOUT" 'see which pods remain on it'
fi
