#!/usr/bin/env bash
# A cluster's whole life against `npm run local`: made, resized, stopped, started, given agents, shrunk, deleted.
# Usage, while `npm run local` runs in another terminal: examples/tour.sh
# KEELSON_LOCAL_ENV names the file of another local stack than the one of this checkout.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck disable=SC1090,SC1091 # made by `npm run local`
. "${KEELSON_LOCAL_ENV:-.keelson/local.env}"

name=tour-$RANDOM
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
keelson() { node dist/bin/keelson.js "$@"; }

# document TYPE [AGENTS]: the cluster as a document, with a pool of so many agents.
document() {
  cat <<YAML
apiVersion: keelson/v1
kind: Cluster
metadata: { name: $name }
spec:
  region: eu-west-1
  mode: ha
  servers: { instanceType: $1 }
  pools: [${2:+ { name: workers, count: $2, instanceType: t3.large \} }]
  k3s: { version: v1.34.2+k3s1 }
YAML
}

step() {
  printf '\n== %s\n' "$1" >&2
  shift
  "$@"
  keelson status "$name" || true
}

document t3.medium >"$folder/ha.yaml"
document t3.large 3 >"$folder/agents.yaml"
document t3.large 1 >"$folder/fewer.yaml"

step 'three servers' keelson apply -f "$folder/ha.yaml" --wait
step 'another instance type, a server at a time' keelson resize "$name" --instance-type t3.large --wait
step 'asleep' keelson stop "$name" --wait
step 'awake' keelson start "$name" --wait
step 'three agents more' keelson apply -f "$folder/agents.yaml" --wait
step 'one agent is enough' keelson apply -f "$folder/fewer.yaml" --wait
keelson history "$name"
printf '\n== gone\n' >&2
keelson delete "$name" --yes --wait

left=$(curl --fail --silent --show-error "$AWS_ENDPOINT_URL/_region/leftovers?cluster=$name")
printf 'left in the region: %s\n' "$left"
case $left in
*'"total":0'*) ;;
*) exit 1 ;;
esac
