#!/usr/bin/env bash
# In front of everything. Absolute paths take the prefix $R: empty on EC2, a folder where many nodes share one machine.
# shellcheck disable=SC2034 # variables are read by the parts that are put behind this one

set -uo pipefail
umask 077
R=${KEELSON_ROOT:-}
# The SSM agent and cloud-init give nearly nothing; K3s's tools want a HOME. [docs: SSM documents, agent's source]
PATH=${PATH:-/usr/bin:/bin}:$R/usr/local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
HOME=${HOME:-$R/root}
export PATH HOME LC_ALL=C

STATE_DIR=$R/var/lib/keelson
