#!/usr/bin/env bash
# Tokens between node and bucket: through presigned URLs and files of mode 0600, never through a variable of the job.
# shellcheck disable=SC2154 # variables are set by the parts that are put before this one

# fetch_token URL-NAME NAME: into the folder of K3s's configuration.
fetch_token() {
  local file
  file=$(temporary_folder)/token
  get_object "$1" "$file" || transfer_failed "the $2 in the bucket" Bucket TokenMissing 'the first server must have stored it'
  [ -s "$file" ] || fail TokenMissing "the $2 in the bucket is empty" 'let the first server store it again'
  put_token "$file" "$2"
}

# put_token FILE NAME
put_token() {
  if [ "$2" = agent-token ] && [ "$ROLE" = server ]; then
    # A server takes its agent token literally; only an agent understands the form that names the CA. [k3s source: deps.go]
    sed 's/^K10[0-9a-f]*::[a-z]*://' "$1"
  else
    cat "$1"
  fi | put_file "$K3S_ETC/$2" 600
}

# token_ca FILE: the hash of the CA with which its token begins.
token_ca() { sed -n 's/^K10\([0-9a-f]\{64\}\)::.*/\1/p' "$1"; }

# make_token NAME: a random token in short form, once; the first server's K3s makes the secure form of it.
make_token() {
  [ -s "$K3S_ETC/$1" ] || od -An -N16 -tx1 /dev/urandom | tr -d ' \n' | put_file "$K3S_ETC/$1" 600
}

# ca_hash: SHA-256 of the server CA, with which a secure token begins. [k3s source: clientaccess]
ca_hash() { token_ca "$SERVER_DIR/token"; }

# ca_pin: what kubeconfigs are compared with: SHA-256 of the server CA's file, which is that of the token until a rotation has made a bundle of it.
# [k3s source: clientaccess, hashCA]
ca_pin() {
  if [ -s "$SERVER_DIR/tls/server-ca.crt" ]; then sha256_of "$SERVER_DIR/tls/server-ca.crt"; else ca_hash; fi
}

# store_token NAME URL-NAME: the secure form, which K3s keeps, to the bucket.
store_token() {
  local file=$SERVER_DIR/$1
  until [ -s "$file" ]; do
    waiting "K3s to write its $1"
    sleep "$POLL"
  done
  grep -q '^K10' "$file" || fail TokenInvalid "server/$1 of this node has no CA hash" 'is the K3s version supported?'
  put_object "$file" "$2" || transfer_failed "storing the $1 in the bucket" Bucket BucketMissing 'check bucket and key'
}
