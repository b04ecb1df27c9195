#!/usr/bin/env bash
# K3s with the configuration of now, on a node that has its tokens: started, or restarted where it runs with another one or RESTART says so.
# A server is done when its node is Ready again; with UNCORDON it lets pods come back to it, and with API_ADDRESS it stores the kubeconfig.
# Without a CNI the node does not become Ready, and is waited for no longer than NODE_SECONDS.
# Variables: ROLE NODE_NAME CONFIG_B64 CONFIG_HASH [those of files] [those of rotation] [NODE_SECONDS]; RESTART (true), UNCORDON (true), API_ADDRESS and URL KUBECONFIG_PUT where wanted
# Result: node=, of a server also nodes as in verify, address= where the kubeconfig was stored

take_files
take_rotation
start_and_wait
forget_old_certificates
hand_on_rotation
if [ "$ROLE" = server ]; then
  await_node ${NODE_SECONDS:+"$NODE_SECONDS"}
  [ "${UNCORDON:-}" != true ] || change uncordon "$NODE_NAME"
  report_nodes
fi
[ -z "${API_ADDRESS:-}" ] || store_kubeconfig
