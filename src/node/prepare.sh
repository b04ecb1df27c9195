#!/usr/bin/env bash
# User data, at the first boot: makes the node's key and fetches K3s while the SSM agent registers. What fails here is done again by the first job.
# Variables: K3S_VERSION K3S_MIRROR ARCH [K3S_SHA256]

make_seal_key || say "the node's key is not made; the first job makes it"
if [ "$(installed_version)" = "$K3S_VERSION" ]; then
  say "K3s $K3S_VERSION is installed"
else
  fetch_binary
fi
