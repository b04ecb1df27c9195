#!/usr/bin/env bash
# Questions to the API server of this node. The image has no jq: kubectl's templates answer, with each text that a node may write quoted by `urlquery`.
# custom-columns do not escape line feeds: a kubelet's version could forge the row of another node. [kubectl source: pkg/cmd/get/customcolumn.go]

kubectl() { "$R/usr/local/bin/k3s" kubectl "$@"; }

# Without a quorum the API server answers late or never: each question has its own bound.
ask() { kubectl get --request-timeout=10s "$@"; }

# change VERB ...: a change has its own bound as well.
change() { kubectl "$@" --request-timeout=30s; }

# nodes_quoted: one line a node: its name, `etcd` for a node of etcd, V:<kubelet version> U:<unschedulable> C:<condition>=<status> A:<kind>=<address>.
# K3s gives the label of the role; the API server lets no kubelet change it. [Kubernetes docs: NodeRestriction]
nodes_quoted() {
  # shellcheck disable=SC2016 # the dollars are the template's own
  ask nodes -o 'go-template={{range .items}}{{.metadata.name}}{{range $key, $value := .metadata.labels}}{{if eq $key "node-role.kubernetes.io/etcd"}} etcd{{end}}{{end}}{{if .spec.unschedulable}} U:true{{end}}{{with .status.nodeInfo}} V:{{urlquery .kubeletVersion}}{{end}}{{range .status.conditions}} C:{{urlquery .type}}={{urlquery .status}}{{end}}{{range .status.addresses}} A:{{urlquery .type}}={{urlquery .address}}{{end}}{{"\n"}}{{end}}'
}

# nodes_table: name, Ready, whether its etcd member votes, kubelet version, unschedulable, internal address, then the pressures of memory,
# disk and PIDs of every node; `<none>` where there is none, or where a node tells something that is not a version or an address. etcd says who
# votes; where it does not answer, the condition of a node of etcd does: what other nodes claim of themselves counts for nothing.
# Members of etcd without a Node follow: `@member`, the name (or the address, before the member has started), voter or learner.
nodes_table() {
  local quoted members
  quoted=$(nodes_quoted) || return 1
  members=$(etcd_members) || members=
  MEMBERS=$members awk '
    function status(type) { return (type in condition) ? condition[type] : "<none>" }
    BEGIN {
      count = split(ENVIRON["MEMBERS"], lines, "\n")
      for (i = 1; i <= count; i++) {
        split(lines[i], member, " ")
        votes[member[1] == "-" ? member[3] : member[1]] = member[2]
      }
    }
    NF == 0 || ($1 in seen) { next }
    {
      seen[$1]
      split("", condition)
      etcd = 0
      version = unschedulable = address = "<none>"
      for (i = 2; i <= NF; i++) {
        value = $i
        if ($i == "etcd") etcd = 1
        else if ($i == "U:true") unschedulable = "true"
        else if (sub(/^V:/, "", value)) {
          gsub(/%2B/, "+", value)
          if (length(value) <= 40 && value ~ /^v[-+.0-9A-Za-z]*$/) version = value
        } else if (sub(/^A:InternalIP=/, "", value) && address == "<none>") {
          gsub(/%3A/, ":", value)
          if (length(value) <= 45 && value ~ /^[0-9A-Fa-f:.]+$/) address = value
        } else if ($i ~ /^C:[A-Za-z]+=(True|False|Unknown)$/) {
          split(substr($i, 3), pair, "=")
          if (!(pair[1] in condition)) condition[pair[1]] = pair[2]
        }
      }
      voter = etcd ? status("EtcdIsVoter") : "<none>"
      if (count > 0) {
        # A member that has not started has no name yet: its address is enough for a node of etcd.
        who = ($1 in votes) || !etcd ? $1 : address
        if (who in votes) {
          voter = votes[who] == "voter" ? "True" : "False"
          delete votes[who]
        } else if (voter != "<none>") {
          # An etcd node without a member: it was removed from etcd, or has not been let in yet.
          voter = "False"
        }
      }
      print $1, status("Ready"), voter, version, unschedulable, address, status("MemoryPressure"), status("DiskPressure"), status("PIDPressure")
    }
    END { for (who in votes) print "@member", who, votes[who] }' <<<"$quoted"
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

# is_ready NAME: whether Kubernetes calls the node Ready.
is_ready() {
  local row ready
  row=$(node_row "$1") || return 1
  read -r _ ready _ <<<"$row" || return 1
  [ "$ready" = True ]
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
    result "node.$name" "$ready,$voter,$version,$schedulable,$address,${pressures:--}"
  done <<<"$table"
}
