#!/usr/bin/env bash
# The K3s binary: from the mirror into a cache, checked, before anybody needs it.
# Variables: K3S_VERSION K3S_MIRROR ARCH (amd64, arm64) [K3S_SHA256]

K3S=$R/usr/local/bin/k3s
CACHE=$STATE_DIR/cache

# Version of the binary in place; empty when there is none that runs.
installed_version() {
  [ -x "$K3S" ] || return 0
  "$K3S" --version 2>/dev/null | awk '$1 == "k3s" && $2 == "version" { print $3; exit }' || true
}

cached_binary() { printf '%s/k3s-%s-%s' "$CACHE" "$K3S_VERSION" "$ARCH"; }

binary_is_right() {
  [ "$(installed_version)" = "$K3S_VERSION" ] || return 1
  [ -z "${K3S_SHA256:-}" ] || [ "$(sha256_of "$K3S")" = "$K3S_SHA256" ]
}

# place_binary: from the cache to where it runs.
place_binary() {
  local file
  file=$(cached_binary)
  mkdir -p "${K3S%/*}"
  # Moved, not copied: 70 MB less on the disk. Over file systems mv copies, hence the second name.
  mv -f "$file" "$K3S.new"
  rm -f "$file.sha256"
  chmod 755 "$K3S.new"
  mv -f "$K3S.new" "$K3S"
  # On an enforcing system the label of the cache would forbid systemd to run it.
  ! command -v restorecon >/dev/null 2>&1 || restorecon "$K3S" 2>/dev/null || true
  binary_is_right ||
    fail BinaryUnusable "$K3S does not run as $K3S_VERSION: $("$K3S" --version 2>&1 | head -n 1)" "is it built for this machine ($(uname -m))?"
}

# fetch_binary: leaves the checked binary in the cache. A prefetch under way is waited for, not repeated.
fetch_binary() {
  local ticket file
  file=$(cached_binary)
  mkdir -p "$CACHE"
  take_lock "download-$K3S_VERSION-$ARCH" "a download of K3s $K3S_VERSION"
  download_ticket=$ticket
  if [ -e "$file" ] && [ "$(sha256_of "$file")" = "$(cat "$file.sha256" 2>/dev/null)" ]; then
    say "K3s $K3S_VERSION is in the cache"
    check_pin "$(cat "$file.sha256")"
  else
    fetch_from_mirror "$file"
  fi
  rm -f "$download_ticket"
  download_ticket=
}

fetch_from_mirror() {
  local base name expected actual
  # A plus in a path must be written as %2B: S3 and some proxies read it as a space.
  base=$K3S_MIRROR/${K3S_VERSION//+/%2B}
  case $ARCH in
    amd64) name=k3s ;;
    arm64) name=k3s-arm64 ;;
    *) fail ArchitectureUnknown "there is no K3s for $ARCH" 'use an amd64 or arm64 instance type' ;;
  esac
  rm -f "$CACHE"/*.part
  waiting "the mirror $K3S_MIRROR"
  download "$base/sha256sum-$ARCH.txt" "$CACHE/sums.part" ||
    transfer_failed "checksums of K3s $K3S_VERSION at $K3S_MIRROR" Mirror VersionNotFound 'check spec.k3s.version and spec.k3s.mirror'
  expected=$(awk -v name="$name" '$2 == name || $2 == "*" name { print $1; exit }' "$CACHE/sums.part")
  [ -n "$expected" ] ||
    fail ChecksumMissing "sha256sum-$ARCH.txt at $K3S_MIRROR does not list $name" 'repair the mirror'
  check_pin "$expected"
  waiting "the download of K3s $K3S_VERSION for $ARCH"
  download "$base/$name" "$CACHE/k3s.part" ||
    transfer_failed "K3s $K3S_VERSION at $K3S_MIRROR" Mirror VersionNotFound 'check spec.k3s.version and spec.k3s.mirror'
  actual=$(sha256_of "$CACHE/k3s.part")
  if [ "$actual" != "$expected" ]; then
    rm -f "$CACHE"/*.part
    fail ChecksumMismatch "K3s $K3S_VERSION has SHA-256 $actual, sha256sum-$ARCH.txt says $expected" 'the mirror is inconsistent or the file was changed on its way; do not use it'
  fi
  chmod 755 "$CACHE/k3s.part"
  sync "$CACHE/k3s.part" 2>/dev/null || true
  printf '%s' "$actual" | put_file "$1.sha256" 600
  mv -f "$CACHE/k3s.part" "$1"
  say "K3s $K3S_VERSION for $ARCH is in the cache, SHA-256 $actual"
  rm -f "$CACHE"/*.part
}

# check_pin SHA256: the document's pin, if it has one, must name this very file.
check_pin() {
  [ -z "${K3S_SHA256:-}" ] || [ "$K3S_SHA256" = "$1" ] ||
    fail ChecksumMismatch "K3s $K3S_VERSION for $ARCH has SHA-256 $1, spec.k3s.sha256 says $K3S_SHA256" 'correct the pin, or find out who changed the file'
}
