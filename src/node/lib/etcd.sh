#!/usr/bin/env bash
# What etcd tells of itself on its port for health and metrics, which K3s opens to its own machine alone. [k3s source: pkg/etcd, metricsURL]

ETCD=http://127.0.0.1:2381

# etcd_tells PATH: also with a status that is no success. Fails when there is no answer.
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
