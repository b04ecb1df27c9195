#!/usr/bin/env bash
# Takes a node out of Kubernetes, through another server; a server leaves etcd first. [etcd.k3s.cattle.io/remove: k3s source]
# Variables: NODE_NAME ROLE
# Result: removed=true

removed_name() {
  # A kubelet may write annotations of its own Node: quoted, it cannot write a line of another one.
  # shellcheck disable=SC2016 # the dollars are the template's own
  ask nodes -o 'go-template={{range .items}}{{.metadata.name}} {{range $key, $value := .metadata.annotations}}{{if eq $key "etcd.k3s.cattle.io/removed-node-name"}}{{urlquery $value}}{{end}}{{end}}{{"\n"}}{{end}}' |
    awk -v name="$NODE_NAME" '$1 == name { print $2 }'
}

await_api 20
row=$(node_row "$NODE_NAME")
if [ -z "$row" ]; then
  say "there is no node $NODE_NAME"
else
  read -r _ _ voter _ <<<"$row"
  # An etcd member tells whether it votes; a server that never became one has nothing to leave.
  if [ "$ROLE" = server ] && [ "$voter" != '<none>' ]; then
    change annotate node "$NODE_NAME" etcd.k3s.cattle.io/remove=true --overwrite
    removed=
    while [ -z "$removed" ]; do
      waiting "etcd to let go of $NODE_NAME"
      # Without a quorum no one lets go of anything: said soon, not when all of the job's time is over.
      removed=$(removed_name) || await_api 20
      [ -n "$removed" ] || sleep "$POLL"
    done
    say "etcd member $removed is removed"
  fi
  kubectl delete node "$NODE_NAME" --timeout=60s
fi
result removed true
