#!/usr/bin/env bash
# A further node. A server is done when its etcd member votes, an agent when its unit is active.
# Installs K3s first: each way to the node and back costs seconds on the longest path.
# While the first server is still being founded it waits for its tokens, so that no way to the node and back lies between the two: the
# agent token is stored last, when the unit of the first server is active.
# Variables: ROLE NODE_NAME CONFIG_B64 CONFIG_HASH [those of install] [those of files] [TOKEN_SINCE TOKEN_WAIT]; URLs AGENT_TOKEN_GET, for servers TOKEN_GET too
# With RESET=true the etcd data on its disk is of before a restore: it is set aside, once for each RESTORE_REF.
# Result: node=, those of install, of a server also nodes as in verify; or waited=in-vain, and nothing is started

take_files
run_hook before
[ -z "${K3S_VERSION:-}" ] || install_k3s
if [ -n "${TOKEN_SINCE:-}" ] && ! await_tokens "$TOKEN_WAIT" "$TOKEN_SINCE"; then
  result waited in-vain
  exit 0
fi
if [ "${RESET:-}" = true ] && [ ! -e "$STATE_DIR/reset-$RESTORE_REF" ]; then
  stop_service k3s
  # One is kept, in case that someone needs it; more would fill the disk.
  rm -rf "$SERVER_DIR.before-restore"
  [ ! -d "$SERVER_DIR" ] || mv "$SERVER_DIR" "$SERVER_DIR.before-restore"
  rm -f "$STARTED_WITH"
  : >"$STATE_DIR/reset-$RESTORE_REF"
fi
if [ -z "${TOKEN_SINCE:-}" ]; then
  [ "$ROLE" = agent ] || fetch_token TOKEN_GET server-token
  fetch_token AGENT_TOKEN_GET agent-token
fi
start_and_wait
run_hook after
if [ "$ROLE" = server ]; then
  # For a moment, so that this report can show it Ready; what takes longer is seen by the next observation.
  await_node 10
  report_nodes
fi
