#!/usr/bin/env bash
# K3s with the configuration of now, on a node that has its tokens: started, or restarted where it runs with another one.
# Variables: ROLE NODE_NAME CONFIG_B64 CONFIG_HASH
# Result: node=, of a server also nodes as in verify

start_and_wait
