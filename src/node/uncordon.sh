#!/usr/bin/env bash
# Lets pods come back to a node, through a server.
# Variables: NODE_NAME
# Result: uncordoned=true

await_api 20
require_node "$NODE_NAME"
change uncordon "$NODE_NAME"
result uncordoned true
