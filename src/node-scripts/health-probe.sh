#!/usr/bin/env bash
# Whether K3s on a server is healthy, for the region watch, which asks all servers of a region by one command. No job: it changes
# nothing, waits for no one, leaves nothing on the node and may run any number of times. A server that is healthy says nothing and exits 0, so
# that no one has to read thousands of answers.
# Output: on exit 3 lines that tell what is wrong: service=<state>, readyz=<failing checks or unknown>,
#         nodes=unlisted, etcd=<alarm>, voters=<n>/<servers>, notready=<nodes>

unit=$(unit_of server)
# K3s is not set up yet, or not any more: someone is at work.
[ -e "$R/etc/systemd/system/$unit.service" ] && [ -e "$K3S_ETC/config.yaml" ] || exit 0

unhealthy=0
unhealthy() {
  printf '%s\n' "$1"
  unhealthy=3
}

state=$(service_state "$unit")
if [ "$state" != active ]; then
  unhealthy "service=$state"
elif ! answer=$(ask --raw '/readyz?verbose' 2>&1); then
  failing=$(grep '^\[-\]' <<<"$answer" | sed 's/^\[-\]\([^ ]*\).*/\1/') || failing=unknown
  unhealthy "readyz=${failing//$'\n'/,}"
else
  # /readyz asks whether etcd is there, not for a list: one may answer while the other fails. [Kubernetes docs: API health endpoints]
  if table=$(nodes_table); then
    servers=$(awk '$1 != "@member" && $3 != "<none>"' <<<"$table" | wc -l | tr -d ' ')
    voters=$(awk '$1 != "@member" && $3 == "True"' <<<"$table" | wc -l | tr -d ' ')
    [ "$voters" = "$servers" ] || unhealthy "voters=$voters/$servers"
    notready=$(awk '$1 != "@member" && $2 != "True" { print $1 }' <<<"$table" | sort)
    [ -z "$notready" ] || unhealthy "notready=${notready//$'\n'/,}"
  else
    unhealthy nodes=unlisted
  fi
  # Then etcd takes no more writes, and an observation of the nodes shows what they were before.
  if alarm=$(etcd_alarm) && [ "$alarm" != none ]; then unhealthy "etcd=$alarm"; fi
fi
exit "$unhealthy"
