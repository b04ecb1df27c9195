#!/usr/bin/env bash
# Sets and removes labels and taints of nodes, through this server, and looks whether they are so. Run twice, the second finds nothing to do.
# Variables: NODE_LABELS (see lib/labels.sh)
# Result: changed=<n>, nodes as in verify

await_api 20
changed=0
for round in 1 2 3; do
  lines=$(label_differences) || fail ApiUnreachable 'the API server of this node does not list nodes' 'look at the k3s service'
  [ -n "$lines" ] || break
  [ "$round" -lt 3 ] || fail LabelsNotSet "still to do: ${lines//$'\n'/; }" 'see who else changes labels and taints of these nodes'
  while read -r name verb what; do
    case $verb in
      label) change label node "$name" "$what" --overwrite ;;
      unlabel) change label node "$name" "${what%%=*}-" ;;
      taint) change taint node "$name" "${what/=:/:}" --overwrite ;;
      untaint) change taint node "$name" "${what%%=*}:${what##*:}-" ;;
    esac
    changed=$((changed + 1))
  done <<<"$lines"
done
result changed "$changed"
report_nodes
