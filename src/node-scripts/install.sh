#!/usr/bin/env bash
# Puts the binary and the unit in place; starts nothing. Asks first what is there.
# Variables: K3S_VERSION K3S_MIRROR ARCH ROLE (server, agent) [K3S_SHA256]
# Result: version=, changed=true|false

install_k3s
