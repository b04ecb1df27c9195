#!/usr/bin/env bash
# What Kubernetes knows about its nodes, seen by the API server of this one. Changes nothing.
# Result: api=ok, voters=<n>, node.<name>=<Ready>,<EtcdIsVoter or ->,<kubelet version>,<schedulable>,<internal address>

await_api 20
table=$(nodes_table) || fail ApiUnreachable 'the API server of this node does not list nodes' 'look at the k3s service'
result api ok
result voters "$(awk '$3 == "True"' <<<"$table" | wc -l | tr -d ' ')"
while read -r name ready voter version unschedulable address; do
  [ -n "$name" ] || continue
  [ "$voter" != '<none>' ] || voter=-
  [ "$unschedulable" = true ] && schedulable=false || schedulable=true
  result "node.$name" "$ready,$voter,$version,$schedulable,${address%%,*}"
done <<<"$table"
