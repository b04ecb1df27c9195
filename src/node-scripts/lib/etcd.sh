#!/usr/bin/env bash
# What etcd says about its members and about itself. K3s writes the Node condition EtcdIsVoter only every 15 s; etcd knows at once.
# [k3s source: pkg/etcd, manageLearners]

# etcd's port for health and metrics, which K3s opens to its own machine alone. [k3s source: pkg/etcd, metricsURL]
ETCD=http://127.0.0.1:2381
# K3s's own port beside the API, where it serves the member list to other servers. [k3s source: pkg/etcd, infoHandler]
SUPERVISOR=https://127.0.0.1:6443
K3S_SERVER=$R/var/lib/rancher/k3s/server

# etcd_tells PATH: also with a status that is not a success. Fails when there is no answer.
etcd_tells() { curl --silent --noproxy '*' --max-time 5 "$ETCD/$1"; }

# etcd_alarm: NOSPACE or CORRUPT, whichever member has raised it, or `none`; fails when etcd does not answer. [etcd source: etcdhttp, health]
etcd_alarm() {
  local told
  told=$(etcd_tells health) || return 1
  case $told in
    *'"reason":"ALARM '*)
      told=${told#*'"reason":"ALARM '}
      printf '%s\n' "${told%%'"'*}"
      ;;
    *'"health":'*) printf 'none\n' ;;
    *) return 1 ;;
  esac
}

# etcd_facts: whether the member of this machine leads, and how much of its database a defragmentation would leave; as far as etcd says it.
etcd_facts() {
  etcd_tells metrics | awk '
    $1 == "etcd_server_is_leader" { print "etcd-leader", ($2 == 1 ? "true" : "false") }
    $1 == "etcd_mvcc_db_total_size_in_use_in_bytes" { print "db-used-mib", int($2 / 1048576) }'
}

# is_learner: succeeds only where the member of this machine says that it does not vote yet.
is_learner() { etcd_tells metrics | awk '$1 == "etcd_server_is_learner" && $2 == 1 { found = 1 } END { exit !found }'; }

# etcd_members: `<node name> voter|learner <peer address>` for each member; the name is `-` until the member has started.
# Fails when etcd does not answer. The server token opens the list; it goes to curl by standard input. [k3s docs: cli/token]
etcd_members() {
  local password answer
  password=$(sed 's/^K10[0-9a-f]*::[a-z]*://' "$K3S_SERVER/token" 2>/dev/null) || return 1
  password=${password//\\/\\\\}
  answer=$(printf 'user = "server:%s"\n' "${password//\"/\\\"}" |
    curl --config - --silent --fail --noproxy '*' --max-time 5 --cacert "$K3S_SERVER/tls/server-ca.crt" "$SUPERVISOR/db/info") || return 1
  # A K3s before v1.29 that cannot reach its etcd lists itself, without an id. [k3s source: pkg/etcd, infoHandler]
  awk -v RS='{' '
    /"peerURLs":/ {
      if (!/"ID":[1-9]/) exit 1
      name = address = "-"
      if (match($0, /"name":"[^"]+"/)) name = substr($0, RSTART + 8, RLENGTH - 9)
      if (match($0, /"peerURLs":\["https?:\/\/[^"]+"/)) address = substr($0, RSTART + 13, RLENGTH - 14)
      # K3s names a member after its node, with a random end.
      sub(/-[^-]*$/, "", name)
      sub(/^https?:\/\//, "", address)
      sub(/:[0-9]+$/, "", address)
      print (name == "" ? "-" : name), (/"isLearner":true/ ? "learner" : "voter"), address
      found = 1
    }
    END { exit !found }' <<<"$answer"
}
