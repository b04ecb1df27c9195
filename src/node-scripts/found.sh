#!/usr/bin/env bash
# User data of the first server of a new cluster, behind prepare: installs K3s and starts it with cluster-init while the SSM agent registers. It makes the tokens and
# stores nothing. The job bootstrap waits for the same lock, finds K3s running, and hands the tokens on; where that job comes first, or anything fails
# here, the job does it all.
# Variables: those of prepare; ROLE NODE_NAME FOUNDING (names the configuration that the document asks for) CONFIG (of this node, with @INSTANCE_ID@, @TYPE@, @ZONE@,
# @PRIVATE_IP@ and @PUBLIC_IP@ where only the instance knows)
# shellcheck disable=SC2034,SC2154 # variables are read by the parts that are put before this one, or set by those

# identify: puts into CONFIG what the metadata service says of this instance. [docs: EC2 instance metadata, IMDSv2]
identify() {
  local token name path value own=
  token=$(metadata --request PUT --header 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$METADATA/api/token") && [ -n "$token" ] || return 1
  while read -r name path; do
    value=$(metadata --header "X-aws-ec2-metadata-token: $token" "$METADATA/meta-data/$path") || value=
    # One address for all stands once, as the worker writes it: a configuration that differs would cost a restart.
    if [ "$name" = PRIVATE_IP ]; then own=$value; fi
    if [ "$name" = PUBLIC_IP ] && [ "$value" = "$own" ]; then value=; fi
    if [ "$name$value" = PUBLIC_IP ]; then CONFIG=${CONFIG//,\"@PUBLIC_IP@\"/}; fi
    case $value in
      '') [ "$name" = PUBLIC_IP ] || return 1 ;;
      *[!A-Za-z0-9.-]*) return 1 ;;
      *) CONFIG=${CONFIG//@$name@/$value} ;;
    esac
  done <<'END'
INSTANCE_ID instance-id
TYPE instance-type
ZONE placement/availability-zone
PRIVATE_IP local-ipv4
PUBLIC_IP public-ipv4
END
}

METADATA=http://169.254.169.254/latest
# The token is of use on this instance alone, where every process gets one of its own.
metadata() { curl --silent --fail --noproxy '*' --connect-timeout 2 --max-time 5 "$@"; }

# A cluster is founded on a disk that has none: not where an image, or a job, has been here before.
untouched() { [ ! -e "$K3S_ETC/config.yaml" ] && [ ! -e "$STARTED_WITH" ] && [ ! -e "$SERVER_DIR" ]; }

if ! identify; then
  say 'the metadata service has not told which instance this is: the first job founds the cluster'
  exit 0
fi
take_lock node 'the first boot'
job_ticket=$ticket
if ! untouched; then
  say 'K3s is set up already'
  exit 0
fi
install_k3s
make_token server-token
make_token agent-token
write_config
# Before the start: what was founded for another document has to be known as that.
printf 'boot-%s %s %s' "$FOUNDING" "$K3S_VERSION" "$(cat "$STATE_DIR/config-sum")" | put_file "$STARTED_WITH" 600
systemctl enable k3s
systemctl start --no-block k3s
say "K3s founds the cluster as $NODE_NAME"
