#!/usr/bin/env bash
# Opens what the worker has sealed to the key of this node.
# Scheme: ECDH with a key pair of one use, then AES-256-CBC and HMAC-SHA256. The command line of openssl has no AES-GCM. [openssl-enc(1)]
# The key of the text never stands in a command line, which every user of the node can see; that of the HMAC does, and forges at most.
# shellcheck disable=SC2154 # variables are set by the parts that are put before this one

# unseal FILE JOB FOLDER: prints what the worker has sealed to this node for this job. FOLDER is for files on the way. Fails with 3 when it is sealed
# to another key, with 4 when it was changed on its way.
unseal() {
  local to='' key='' mac='' text='' name value shared=$3/shared expected
  while IFS= read -r value; do
    name=${value%%=*} value=${value#*=}
    case $name in to) to=$value ;; key) key=$value ;; mac) mac=$value ;; text) text=$value ;; esac
  done <"$1"
  [ "$to" = "$(seal_public | sha256_of_input)" ] || return 3
  printf -- '-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n' "$(fold -w 64 <<<"$key")" >"$3/peer"
  openssl pkeyutl -derive -inkey "$SEAL_KEY" -peerkey "$3/peer" -out "$shared" 2>/dev/null || return 4
  expected=$({ printf 'keelson mac %s' "$key" && cat "$shared"; } | sha256_of_input)
  expected=$(printf '%s\n%s\n%s' "$2" "$key" "$text" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$expected" | sed 's/.*= *//')
  [ "$expected" = "$mac" ] || return 4
  { printf 'keelson text %s' "$key" && cat "$shared"; } | sha256_of_input >"$3/pass"
  rm -f "$shared"
  openssl base64 -d -A <<<"$text" | openssl enc -d -aes-256-cbc -md sha256 -pbkdf2 -iter 1 -pass "file:$3/pass" || return 4
}
