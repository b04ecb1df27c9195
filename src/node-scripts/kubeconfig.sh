#!/usr/bin/env bash
# The admin's kubeconfig, with an address that people reach, to the bucket.
# Variables: API_ADDRESS (host only); URL KUBECONFIG_PUT
# Result: address=

store_kubeconfig
