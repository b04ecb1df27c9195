#!/usr/bin/env bash
# User data, at the first boot: makes the node's key and fetches K3s while the SSM agent registers. What fails here is done again by the first job.
# Variables: K3S_VERSION K3S_MIRROR ARCH [K3S_SHA256]

# Where no SSM agent is no command arrives: the console alone tells. [aws ec2 get-console-output]
missing=
for tool in curl openssl systemctl; do command -v "$tool" >/dev/null 2>&1 || missing+=" $tool"; done
command -v amazon-ssm-agent >/dev/null 2>&1 || [ -e "$R/snap/bin/amazon-ssm-agent.ssm-cli" ] || [ -e "$R/usr/bin/amazon-ssm-agent" ] || missing+=' amazon-ssm-agent'
[ -z "$missing" ] || { printf 'keelson: this image lacks:%s\n' "$missing" | tee "$R/dev/console" 2>/dev/null; } || true
make_seal_key || say "the node's key is not made; the first job makes it"
if [ "$(installed_version)" = "$K3S_VERSION" ]; then
  say "K3s $K3S_VERSION is installed"
else
  fetch_binary
fi
