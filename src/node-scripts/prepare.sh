#!/usr/bin/env bash
# User data, at the first boot: makes the node's key, fetches K3s and puts it in place while the SSM agent registers. What fails here is done again by the first job, which
# also writes the unit: user data is the same for servers and agents.
# Variables: K3S_VERSION K3S_MIRROR ARCH [K3S_SHA256]
# shellcheck disable=SC2154 # variables are set by the parts that are put before this one

# Where no SSM agent is no command arrives: the console alone tells. [aws ec2 get-console-output]
missing=
for tool in curl openssl systemctl; do command -v "$tool" >/dev/null 2>&1 || missing+=" $tool"; done
command -v amazon-ssm-agent >/dev/null 2>&1 || [ -e "$R/snap/bin/amazon-ssm-agent.ssm-cli" ] || [ -e "$R/usr/bin/amazon-ssm-agent" ] || missing+=' amazon-ssm-agent'
[ -z "$missing" ] || { printf 'keelson: this image lacks:%s\n' "$missing" | tee "$R/dev/console" 2>/dev/null; } || true
make_seal_key || say "the node's key is not made; the first job makes it"
if binary_is_right; then
  say "K3s $K3S_VERSION is installed"
else
  fetch_binary
  # What is there already is of an image, or of a job that came sooner, for another version by now: the job decides.
  if [ ! -e "$K3S" ]; then
    take_lock node 'the first boot'
    job_ticket=$ticket
    [ -e "$K3S" ] || place_binary
    rm -f "$job_ticket"
    job_ticket=
  fi
fi
