#!/usr/bin/env bash
# The first server: starts etcd with the cluster-init of its configuration, and leaves both tokens in the bucket. [docs: ha-embedded]
# Where it runs already with this configuration only the tokens are stored again.
# Variables: NODE_NAME CONFIG_B64 CONFIG_HASH; URLs TOKEN_PUT AGENT_TOKEN_PUT
# Result: node=, ready=true
# shellcheck disable=SC2034 # variables are read by the parts that are put before this one

ROLE=server
make_token server-token
make_token agent-token
start_and_wait
store_token token "$TOKEN_PUT"
store_token agent-token "$AGENT_TOKEN_PUT"
result ready true
