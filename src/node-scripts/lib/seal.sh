#!/usr/bin/env bash
# The node's own key pair. The worker encrypts presigned URLs with the public half, so that a command's text is of no use to its readers.

SEAL_KEY=$STATE_DIR/seal-key

# make_seal_key: once in a disk's life. Two that make one at the same time end up with the same, for a hard link never replaces.
make_seal_key() {
  [ ! -s "$SEAL_KEY" ] || return 0
  mkdir -p "$STATE_DIR" &&
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:named_curve -out "$SEAL_KEY.$$" 2>/dev/null &&
    chmod 600 "$SEAL_KEY.$$" || return 1
  sync "$SEAL_KEY.$$" 2>/dev/null || true
  ln "$SEAL_KEY.$$" "$SEAL_KEY" 2>/dev/null || true
  rm -f "$SEAL_KEY.$$"
  [ -s "$SEAL_KEY" ]
}

# seal_public: the public half, SubjectPublicKeyInfo in base64.
seal_public() {
  openssl pkey -in "$SEAL_KEY" -pubout -outform DER 2>/dev/null | openssl base64 -A
}

sha256_of_input() { openssl dgst -sha256 -r | cut -d ' ' -f 1; }
