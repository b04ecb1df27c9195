#!/usr/bin/env bash
# The first server: starts etcd with the cluster-init of its configuration, and leaves both tokens in the bucket. [docs: ha-embedded]
# Installs K3s first and stores the kubeconfig last: each way to the node and back costs seconds on the longest path.
# Done when the unit is active: others can join then. That its node is Ready comes later, and no one waits for that here.
# Where it runs already with this configuration only tokens and kubeconfig are stored again.
# Where the first boot has founded the cluster [found.sh] it takes that over, unless the document has changed since: then no one has joined yet, and the node is
# given up.
# Variables: NODE_NAME CONFIG_B64 CONFIG_HASH [FOUNDING (as the first boot would have it)] [those of install] [those of files] [API_ADDRESS]; URLs TOKEN_PUT AGENT_TOKEN_PUT [KUBECONFIG_PUT]
# Result: node=, ready=true, ca-hash= (what kubeconfigs are compared with), those of install and kubeconfig
# shellcheck disable=SC2034 # variables are read by the parts that are put before this one

ROLE=server
START_PATIENCE=${START_PATIENCE:-40}
case $(cat "$STARTED_WITH" 2>/dev/null) in
  "boot-${FOUNDING:-} "*) say 'K3s was started by the first boot' ;;
  boot-*) fail FoundedOtherwise 'its first boot has founded a cluster as the document was before' 'nothing; another node takes its place' ;;
esac
# help_start: in each look at a service that comes up. K3s writes its token once etcd answers, seconds before its API. Who joins finds it in the bucket
# then, and waits for the agent token alone. [k3s source: pkg/server, StartServer]
early=''
help_start() {
  [ -z "$early" ] && [ -s "$KEELSON_JOB/sealed" ] && grep -q '^K10' "$SERVER_DIR/token" 2>/dev/null || return 0
  early=$(sha256_of "$SERVER_DIR/token")
  put_object "$SERVER_DIR/token" TOKEN_PUT || early=failed
}

take_files
run_hook before
[ -z "${K3S_VERSION:-}" ] || install_k3s
make_token server-token
make_token agent-token
start_and_wait
[ "$early" = "$(sha256_of "$SERVER_DIR/token")" ] || store_token token TOKEN_PUT
store_token agent-token AGENT_TOKEN_PUT
! has_url KUBECONFIG_PUT || store_kubeconfig
result ca-hash "$(ca_hash)"
run_hook after
result ready true
