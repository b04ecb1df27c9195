#!/usr/bin/env bash
# Makes what a rotation is about, on one server. It may end anywhere and be run again, also on another server: what is done is not done twice.
# Variables: ROTATE (token, agent-token, ca, encryption-key) ROTATION_REF (names the rotation); URLs for token NEXT_GET NEXT_PUT TOKEN_PUT, for agent-token
#            AGENT_TOKEN_PUT
# Result: rotated=<what>
# shellcheck disable=SC2034,SC2154 # variables are set by the parts that are put before this one

# The new token is in the bucket before K3s has it: were the server lost in between, the others could not start any more. The server that is asked
# takes it at once; the others start with the old one no longer. [docs: cli/token; k3s source: pkg/server/handlers/token.go]
rotate_token() {
  local next=$ROTATION/next-token password
  make_next "$next"
  password=$(sed 's/^[^ ]* //' "$next")
  if [ "$(token_password "$SERVER_DIR/token")" != "$password" ]; then
    # K3s hides its arguments from the process list. [k3s source: pkg/cli/token, serverAccess]
    k3s_rotates 'k3s token rotate' token rotate --new-token "$password"
  fi
  printf 'K10%s::server:%s\n' "$(ca_hash)" "$password" | put_file "$ROTATION/token" 600
  put_object "$ROTATION/token" TOKEN_PUT || transfer_failed 'storing the token in the bucket' Bucket BucketMissing 'check bucket and key'
}

# make_next FILE: `<ref> <password>`, the one in the bucket if another server has stored it there for this rotation.
make_next() {
  local found
  [ ! -s "$1" ] || return 0
  found=$(temporary_folder)/next
  if ! get_object NEXT_GET "$found" && [ "$http_status" != 404 ]; then
    transfer_failed 'the next token in the bucket' Bucket TokenMissing 'the rotation is tried again'
  fi
  if grep -qs "^$ROTATION_REF " "$found"; then
    put_file "$1" 600 <"$found"
    return 0
  fi
  printf '%s %s\n' "$ROTATION_REF" "$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')" | put_file "$found.new" 600
  put_object "$found.new" NEXT_PUT || transfer_failed 'storing the next token in the bucket' Bucket BucketMissing 'check bucket and key'
  put_file "$1" 600 <"$found.new"
}

# Only configuration: servers take it when they start, agents after the last server. [docs: cli/token]
rotate_agent_token() {
  local file=$ROTATION/agent-token
  [ -s "$file" ] || printf 'K10%s::node:%s\n' "$(ca_hash)" "$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')" | put_file "$file" 600
  put_object "$file" AGENT_TOKEN_PUT || transfer_failed 'storing the agent token in the bucket' Bucket BucketMissing 'check bucket and key'
}

# K3s adds a key, encrypts every secret again, and removes the old key: about 5 secrets a second. The command may give up waiting for the answer.
# [docs: cli/secrets-encrypt; k3s source: pkg/server/handlers/secrets-encrypt.go]
rotate_encryption_key() {
  local before=$ROTATION/key-before status
  status=$(encryption_status)
  grep -q '^Encryption Status: Enabled' <<<"$status" ||
    fail RotationUnsupported 'this cluster does not encrypt its secrets' 'secrets-encryption has to be on from the first day'
  [ -s "$before" ] || active_key <<<"$status" | put_file "$before" 600
  if [ "$(active_key <<<"$status")" = "$(cat "$before")" ] && ! grep -q 'Stage: reencrypt_\(request\|active\)' <<<"$status"; then
    # A server that has not started since the last rotation would lose the key of now.
    if grep -q '^Server Encryption Hashes: .*does not match' <<<"$status"; then
      fail EncryptionHashesDiffer "$(grep '^Server Encryption Hashes' <<<"$status")" 'restart K3s on the servers that it names, then rotate again'
    fi
    k3s_rotates 'k3s secrets-encrypt rotate-keys' secrets-encrypt rotate-keys
  fi
  until status=$(encryption_status) && grep -q 'Stage: reencrypt_finished' <<<"$status"; do
    waiting "K3s to encrypt every secret again ($(sed -n 's/^Current Rotation Stage: //p' <<<"$status"))"
    sleep 1
  done
}

encryption_status() { "$R/usr/local/bin/k3s" secrets-encrypt status 2>&1 || true; }

# active_key: its name, by the star in the table of keys.
active_key() { sed -n 's/^ *\* *//p' | tail -n 1; }

# New authorities that the old ones sign, so that who trusts either trusts both: for each a new root, the same root signed by the old one, and an
# authority below it, with which K3s signs from its next start on. [docs: cli/certificate; k3s: contrib/util/rotate-default-ca-certs.sh]
rotate_ca() {
  local staged=$ROTATION/ca name
  # Made again by a repetition: what K3s has taken by then is signed by the same old ones.
  rm -rf "$staged"
  mkdir -p "$staged/tls/etcd"
  ca_hash >"$ROTATION/ca-before"
  cat >"$ROTATION/openssl.conf" <<'END'
[req]
distinguished_name = name
[name]
[ca]
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
basicConstraints = critical, CA:true
keyUsage = critical, digitalSignature, keyEncipherment, keyCertSign
END
  for name in client server request-header etcd/peer etcd/server; do make_authority "$name" "$staged/tls"; done
  # Tokens of service accounts that the old key has signed stay valid.
  openssl genrsa 2048 >"$staged/tls/service.key" 2>/dev/null || ca_failed service
  cat "$SERVER_DIR/tls/service.key" >>"$staged/tls/service.key"
  k3s_rotates 'k3s certificate rotate-ca' certificate rotate-ca "--path=$staged"
  # Keys of authorities are in the datastore now, and nowhere else.
  rm -rf "$staged" "$ROTATION/openssl.conf"
}

# make_authority NAME FOLDER: NAME-ca.crt (authority, new root, new root signed by the old one, old root) and NAME-ca.key (of the first two).
make_authority() {
  local old=$SERVER_DIR/tls/$1-ca work stamp cn=k3s-${1//\//-}
  work=$(temporary_folder)/ca
  rm -rf "$work"
  mkdir -p "$work"
  stamp=$(date +%s)
  # After a rotation the root is the second one of the file. [k3s: contrib/util/rotate-default-ca-certs.sh]
  nth_block "$old.crt" CERTIFICATE >"$work/old.crt"
  nth_block "$old.key" 'PRIVATE KEY' >"$work/old.key"
  {
    openssl ecparam -name prime256v1 -genkey -noout -out "$work/root.key" &&
      openssl req -x509 -new -sha256 -days 7300 -key "$work/root.key" -subj "/CN=$cn-root@$stamp" -config "$ROTATION/openssl.conf" -extensions ca -out "$work/root.crt" &&
      openssl req -new -sha256 -key "$work/root.key" -subj "/CN=$cn-root@$stamp" -config "$ROTATION/openssl.conf" -out "$work/root.csr" &&
      signed "$work/root.csr" "$work/old" "$work/crossed.crt" &&
      openssl ecparam -name prime256v1 -genkey -noout -out "$work/ca.key" &&
      openssl req -new -sha256 -key "$work/ca.key" -subj "/CN=$cn-ca@$stamp" -config "$ROTATION/openssl.conf" -out "$work/ca.csr" &&
      signed "$work/ca.csr" "$work/root" "$work/ca.crt"
  } >"$work/said" 2>&1 || ca_failed "$1" "$work/said"
  cat "$work/ca.crt" "$work/root.crt" "$work/crossed.crt" "$work/old.crt" >"$2/$1-ca.crt"
  cat "$work/ca.key" "$work/root.key" >"$2/$1-ca.key"
}

# signed REQUEST AUTHORITY CERTIFICATE
signed() {
  openssl x509 -req -sha256 -days 7300 -in "$1" -CA "$2.crt" -CAkey "$2.key" -set_serial "0x$(openssl rand -hex 8)" -extfile "$ROTATION/openssl.conf" -extensions ca -out "$3"
}

# nth_block FILE KIND: the second PEM block of that kind, or the only one.
nth_block() {
  awk -v kind="$2" '
    $0 ~ "^-----BEGIN [A-Z ]*" kind { count++; block = ""; inside = 1 }
    inside { block = block $0 "\n" }
    $0 ~ "^-----END [A-Z ]*" kind { inside = 0; if (count <= 2) chosen = block }
    END { printf "%s", chosen }' "$1"
}

ca_failed() {
  [ -z "${2:-}" ] || say "$(tail -n 5 "$2")"
  fail RotationFailed "openssl does not make the new $1 authority" 'see whether openssl works on the node'
}

token_password() { sed 's/^K10[0-9a-f]*::[a-z]*://' "$1"; }

# k3s_rotates WHAT ARGS...: K3s's own command. It tells the reason of a refusal to its journal alone. [k3s source: pkg/util, SendErrorWithID]
k3s_rotates() {
  local what=$1 said
  shift
  if said=$("$R/usr/local/bin/k3s" "$@" 2>&1); then
    say "$what is done"
    return 0
  fi
  said=$said$'\n'$(journalctl -u k3s -n 20 --no-pager -o cat 2>/dev/null || true)
  case $said in
    *'No help topic'* | *'flag provided but not defined'*)
      fail RotationUnsupported "this K3s does not know $what" 'raise spec.k3s.version' ;;
    *'encrypted with different token'*) say 'another server has made it' ;;
    *)
      say "$(tail -n 8 <<<"$said")"
      fail RotationFailed "$what failed: $(head -n 1 <<<"$said" | cut -c 1-300)" 'see the lines of the log' ;;
  esac
}

ROTATION=$STATE_DIR/rotation/$ROTATION_REF
watched_unit=k3s
await_api 60
# Secrets of rotations before this one.
find "$STATE_DIR/rotation" -mindepth 1 -maxdepth 1 ! -name "$ROTATION_REF" -exec rm -rf {} + 2>/dev/null || true
case $ROTATE in
  token) rotate_token ;;
  agent-token) rotate_agent_token ;;
  ca) rotate_ca ;;
  encryption-key) rotate_encryption_key ;;
esac
result rotated "$ROTATE"
