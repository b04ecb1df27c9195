#!/usr/bin/env bash
# What Kubernetes and etcd know about the nodes, seen from this server. Changes nothing.
# Variables: [API_SECONDS (how long to wait for the API server, by default 20)] [WITHOUT_READY (true where no CNI runs: only votes are waited for)] [AWAIT (names of nodes that are to be Ready and, but for agents, to vote) AWAIT_SECONDS (how long to wait for that)]
# Result: api=ok, voters=<n>, node.<name>=<Ready>,<True: votes, False, or ->,<kubelet version>,<schedulable>,<internal address>,<pressures>;
#         pressures are the conditions MemoryPressure, DiskPressure, PIDPressure that are True, joined by `+`, or `-` for none;
#         member.<name or address>=voter|learner for each member of etcd without a Node;
#         with NODE_LABELS (see lib/labels.sh) labels=compared, differs.<node>=<verb what>,... for each node that is not as the document says

# missing_nodes: those of AWAIT that are not there yet. An agent has no vote: `<none>`.
missing_nodes() {
  nodes_table | AWAIT=$AWAIT WITHOUT_READY=${WITHOUT_READY:-} awk '
    ($2 == "True" || ENVIRON["WITHOUT_READY"] == "true") && $3 != "False" { there[$1] }
    END {
      count = split(ENVIRON["AWAIT"], names, " ")
      for (i = 1; i <= count; i++) if (!(names[i] in there)) printf "%s ", names[i]
    }'
}

await_api "${API_SECONDS:-20}"
if [ -n "${AWAIT:-}" ]; then
  until=$((SECONDS + AWAIT_SECONDS))
  # Who is waited for is waited for on the node: to ask again from outside costs seconds each time.
  while missing=$(missing_nodes) && [ -n "$missing" ] && [ "$SECONDS" -lt "$until" ]; do
    waiting "${missing% }"
    sleep "$POLL"
  done
fi
report_nodes
[ -z "${NODE_LABELS:-}" ] || report_differences
