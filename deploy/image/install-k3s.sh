#!/usr/bin/env bash
# Puts K3s and the images of its own pods into a host that becomes an image: nodes from it download neither. Starts nothing and leaves no
# identity of a node. Run it as root, last, then make the image; a second run changes nothing.
#
#   K3S_VERSION=v1.34.2+k3s1 ./install-k3s.sh
#
# Variables: K3S_VERSION; K3S_MIRROR (K3s's releases by default), K3S_SHA256 (pins the binary), K3S_IMAGES=false (the binary alone).
set -euo pipefail
umask 022
R=${KEELSON_ROOT:-} # a folder that stands for the host: for tests
mirror=${K3S_MIRROR:-https://github.com/k3s-io/k3s/releases/download}

fail() {
  printf 'install-k3s: %s\n' "$*" >&2
  exit 1
}

[ -n "${K3S_VERSION:-}" ] || fail 'K3S_VERSION is missing; give a release, for example v1.34.2+k3s1'
case $(uname -m) in
  x86_64) arch=amd64 binary=k3s ;;
  aarch64 | arm64) arch=arm64 binary=k3s-arm64 ;;
  *) fail "there is no K3s for $(uname -m); use an x86_64 or arm64 machine" ;;
esac
for tool in curl openssl systemctl awk sed grep base64 sha256sum; do
  command -v "$tool" >/dev/null || fail "this host lacks $tool, which Keelson calls on nodes; install it first"
done
# Nodes of one image would share what a node has made: the database, the CA, tokens and the node's password.
for trace in /var/lib/rancher/k3s/server /var/lib/rancher/k3s/agent/client-ca.crt /etc/rancher/node /var/lib/keelson; do
  [ ! -e "$R$trace" ] || fail "$trace exists: this host has been a node; begin with a fresh one"
done

# A plus in a path must be written as %2B: S3 and some proxies read it as a space.
release=$mirror/${K3S_VERSION//+/%2B}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

download() { curl --fail --silent --show-error --location --retry 5 --output "$2" "$release/$1" || fail "cannot download $release/$1"; }
sum_of() { sha256sum "$1" | cut -d' ' -f1; }

# expected NAME: what the release says the file's SHA-256 is.
expected() { awk -v name="$1" '$2 == name || $2 == "*" name { print $1; exit }' "$work/sums"; }

# take NAME PATH MODE: downloads a file of the release, compares it, and moves it into place.
take() {
  local wanted
  wanted=$(expected "$1")
  [ -n "$wanted" ] || fail "sha256sum-$arch.txt of $K3S_VERSION does not list $1"
  if [ -e "$2" ] && [ "$(sum_of "$2")" = "$wanted" ]; then return 0; fi
  download "$1" "$work/file"
  [ "$(sum_of "$work/file")" = "$wanted" ] || fail "$1 has SHA-256 $(sum_of "$work/file"), the release says $wanted; the mirror is inconsistent"
  mkdir -p "${2%/*}"
  install -m "$3" "$work/file" "$2.new"
  mv -f "$2.new" "$2"
}

download "sha256sum-$arch.txt" "$work/sums"
[ -z "${K3S_SHA256:-}" ] || [ "$(expected "$binary")" = "$K3S_SHA256" ] ||
  fail "$binary of $K3S_VERSION has SHA-256 $(expected "$binary"), K3S_SHA256 says $K3S_SHA256"
take "$binary" "$R/usr/local/bin/k3s" 755
ln -sf k3s "$R/usr/local/bin/kubectl"
# On an enforcing system a label from /tmp would forbid systemd to run it.
! command -v restorecon >/dev/null || restorecon "$R/usr/local/bin/k3s" 2>/dev/null || true
if [ "${K3S_IMAGES:-true}" = true ]; then
  # K3s imports each archive of this folder at its start. [docs: installation/airgap]
  take "k3s-airgap-images-$arch.tar.zst" "$R/var/lib/rancher/k3s/agent/images/k3s-airgap-images-$arch.tar.zst" 644
fi
# Unpacks the programs that K3s carries, which it otherwise does at its first start. [k3s source: cmd/k3s/main.go, stageAndRun]
"$R/usr/local/bin/k3s" kubectl version --client >/dev/null 2>&1 ||
  fail "/usr/local/bin/k3s does not run: $("$R/usr/local/bin/k3s" --version 2>&1 | head -n 1)"
printf 'install-k3s: K3s %s for %s is in place; make the image now\n' "$K3S_VERSION" "$arch"
