#!/usr/bin/env bash
# The admin's kubeconfig, with an address that people reach, to the bucket.
# Variables: API_ADDRESS (host only); URL KUBECONFIG_PUT
# Result: address=

store_kubeconfig() {
  local source_file host file
  source_file=$R/etc/rancher/k3s/k3s.yaml
  [ -s "$source_file" ] || fail KubeconfigMissing "$source_file is not there" 'K3s writes it when its API server is up'
  case $API_ADDRESS in
    *[!A-Za-z0-9.:-]* | '') fail AddressInvalid "\"$API_ADDRESS\" is not a host name" 'set spec.access.apiHostname' ;;
    *:*) host=[$API_ADDRESS] ;;
    *) host=$API_ADDRESS ;;
  esac
  file=$(temporary_folder)/kubeconfig
  sed "s#server: https://127.0.0.1:#server: https://$host:#" "$source_file" >"$file"
  put_object "$file" KUBECONFIG_PUT || transfer_failed 'storing the kubeconfig in the bucket' Bucket BucketMissing 'check bucket and key'
  say "kubeconfig for https://$host:6443 is stored"
  result address "$API_ADDRESS"
}
