#!/usr/bin/env bash
# Makes what a rotation is about, on one server. It may end anywhere and be run again, also on another server: what is done is not done twice.
# Variables: ROTATE (token) ROTATION_REF (names the rotation); URLs NEXT_GET NEXT_PUT TOKEN_PUT
# Result: rotated=<what>
# shellcheck disable=SC2154 # variables are set by the parts that are put before this one

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
esac
result rotated "$ROTATE"
