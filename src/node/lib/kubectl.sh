#!/usr/bin/env bash
# Questions to the API server of this node. The image has no jq: kubectl's own columns answer.

kubectl() { "$R/usr/local/bin/k3s" kubectl "$@"; }

# Without a quorum the API server answers late or never: each question has its own bound.
ask() { kubectl get --request-timeout=10s "$@"; }

# change VERB ...: a change has its own bound as well.
change() { kubectl "$@" --request-timeout=30s; }

# A condition of a node, as a column.
condition() { printf '.status.conditions[?(@.type=="%s")].status' "$1"; }

# nodes_table: name, Ready, whether its etcd member votes, kubelet version, unschedulable, internal address, then the pressures of memory,
# disk and PIDs of every node; `<none>` where there is none. etcd says who votes; where it does not answer, the Node condition does.
# Members of etcd without a Node follow: `@member`, the name (or the address, before the member has started), voter or learner.
nodes_table() {
  local columns table members
  columns="NAME:.metadata.name,READY:$(condition Ready),VOTER:$(condition EtcdIsVoter)"
  columns="$columns,VERSION:.status.nodeInfo.kubeletVersion,UNSCHEDULABLE:.spec.unschedulable"
  columns="$columns,ADDRESS:.status.addresses[?(@.type==\"InternalIP\")].address"
  columns="$columns,MEMORY:$(condition MemoryPressure),DISK:$(condition DiskPressure),PIDS:$(condition PIDPressure)"
  table=$(ask nodes -o "custom-columns=$columns") || return 1
  members=$(etcd_members) || members=
  MEMBERS=$members awk '
    BEGIN {
      count = split(ENVIRON["MEMBERS"], lines, "\n")
      for (i = 1; i <= count; i++) {
        split(lines[i], member, " ")
        votes[member[1] == "-" ? member[3] : member[1]] = member[2]
      }
    }
    NR == 1 { next }
    count == 0 { print; next }
    {
      address = $6
      sub(/,.*/, "", address)
      who = $1 in votes ? $1 : address
      if (who in votes) {
        $3 = votes[who] == "voter" ? "True" : "False"
        delete votes[who]
      } else if ($3 != "<none>") {
        # An etcd node without a member: it was removed from etcd, or has not been let in yet.
        $3 = "False"
      }
      print
    }
    END { for (who in votes) print "@member", who, votes[who] }' <<<"$table"
}

# node_row NAME: its row of the table; empty when there is no such node. Fails when the API does not answer.
node_row() {
  local table
  table=$(nodes_table) || return 1
  awk -v name="$1" '$1 == name' <<<"$table"
}

# await_api SECONDS: waits for an answer of the API server, which an election may hold back for some seconds.
await_api() {
  local until=$((SECONDS + $1)) answer
  until answer=$(ask --raw /readyz 2>&1); do
    waiting "the API server of this node"
    if [ "$SECONDS" -ge "$until" ]; then
      say "$answer"
      fail ApiUnreachable "the API server of this node does not answer" 'look at the k3s service, and whether most servers are up'
    fi
    sleep "$POLL"
  done
}

# require_node NAME: fails when there is no such node.
require_node() {
  [ -n "$(node_row "$1")" ] || fail NodeAbsent "there is no node $1" 'nothing to do, or the name is wrong'
}

# report_nodes: what Kubernetes and etcd know about the nodes, into the result:
# api=ok, voters=<n>, node.<name>=<Ready>,<True: votes, False, or ->,<kubelet version>,<schedulable>,<internal address>,<pressures or ->;
# member.<name or address>=voter|learner for each member of etcd without a Node
report_nodes() {
  local table name ready voter version unschedulable address memory disk pids schedulable pressures
  table=$(nodes_table) || fail ApiUnreachable 'the API server of this node does not list nodes' 'look at the k3s service'
  result api ok
  result voters "$(awk '$3 == "True" || $3 == "voter"' <<<"$table" | wc -l | tr -d ' ')"
  while read -r name ready voter version unschedulable address memory disk pids; do
    [ -n "$name" ] || continue
    if [ "$name" = @member ]; then
      result "member.$ready" "$voter"
      continue
    fi
    [ "$voter" != '<none>' ] || voter=-
    [ "$unschedulable" = true ] && schedulable=false || schedulable=true
    pressures=
    [ "$memory" != True ] || pressures+=+MemoryPressure
    [ "$disk" != True ] || pressures+=+DiskPressure
    [ "$pids" != True ] || pressures+=+PIDPressure
    pressures=${pressures#+}
    result "node.$name" "$ready,$voter,$version,$schedulable,${address%%,*},${pressures:--}"
  done <<<"$table"
}
