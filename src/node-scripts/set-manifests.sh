#!/usr/bin/env bash
# The files of this node as the bucket has them, on a server that runs: K3s looks for manifests every 15 seconds. [k3s source: pkg/deploy]
# Variables: ROLE [those of files]
# Result: those of files

take_files
