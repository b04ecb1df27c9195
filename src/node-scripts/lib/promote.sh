#!/usr/bin/env bash
# Asks etcd to let the member of this machine vote. K3s asks the same question every 15 s from the start of the process that leads; etcd
# itself refuses while the learner is not in sync, no matter who asks. [k3s source: pkg/etcd, manageLearners; etcd docs: learner design]

# etcd's rule takes a call that is answered by a voter: a learner answers none. [etcd source: api/v3rpc, isRPCSupportedForLearner]
# Certificates that K3s gives its servers for this. [k3s source: pkg/daemons/control/deps]
ETCD_TLS=$R/var/lib/rancher/k3s/server/tls/etcd

# ask_for_vote: asks the server that this one joins, if the member here is a learner. Never fails: who gets no answer waits for K3s's own loop.
ask_for_vote() {
  local id voter
  [ "$ROLE" = server ] || return 0
  id=$(learner_id) && voter=$(sed -n 's#^server: "https://\([^"]*\):6443"$#\1#p' "$K3S_ETC/config.yaml") || return 0
  [ -n "$id" ] && [ -n "$voter" ] && [ -e "$ETCD_TLS/client.key" ] || return 0
  # gRPC is one POST over HTTP/2: a flag, the length in four bytes, the message. [gRPC: PROTOCOL-HTTP2]
  printf '%b' "\\0000\\0000\\0000\\0000\\0013$(promote_message "$id")" |
    curl --silent --noproxy '*' --max-time 2 --http2 --cacert "$ETCD_TLS/server-ca.crt" --cert "$ETCD_TLS/client.crt" --key "$ETCD_TLS/client.key" \
      --header 'content-type: application/grpc' --header 'te: trailers' --data-binary @- --output /dev/null \
      "https://$voter:2379/etcdserverpb.Cluster/MemberPromote" || true
}

# learner_id: the id, 16 hexadecimal digits, of the member of this machine; nothing where it votes.
learner_id() {
  etcd_tells metrics | awk '
    $1 == "etcd_server_is_learner" && $2 == 1 { learns = 1 }
    /^etcd_server_id[{]/ { id = $1; gsub(/^.*="|".*$/, "", id) }
    END { if (learns && id ~ /^[0-9a-f]+$/) printf "%16s\n", id }' | tr ' ' 0
}

# promote_message HEX: MemberPromoteRequest in escapes for %b of printf: field 1, a varint of ten bytes. [etcd source: etcdserverpb/rpc.proto]
promote_message() {
  local high=$((16#${1:0:8})) low=$((16#${1:8:8})) shift bits text='\0010'
  for shift in 0 7 14 21 28 35 42 49 56 63; do
    if [ "$shift" -lt 32 ]; then bits=$(((high << 32 | low) >> shift & 127)); else bits=$((high >> (shift - 32) & 127)); fi
    [ "$shift" -eq 63 ] || bits=$((bits | 128))
    text+=$(printf '\\0%03o' "$bits")
  done
  printf '%s' "$text"
}
