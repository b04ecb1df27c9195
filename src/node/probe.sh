#!/usr/bin/env bash
# The state of one node, for the checks. Changes nothing and does not fail: what cannot be seen is said as `unknown`.
# Variables: ROLE
# Result: service=, restarts=, readyz=ok|failed|unknown, failing=<names of readyz checks>, version=, started-with=,
#         founder=<whether its configuration has cluster-init>, disk-used-percent=, disk-free-mib=, clock=<seconds since 1970>, boot=
# shellcheck disable=SC2154 # variables are set by the parts that are put before this one

unit=$(unit_of "$ROLE")
version=$(installed_version)
result service "$(service_state "$unit")"
result restarts "$(restarts_of "$unit")"
result version "${version:-none}"
result started-with "$(cat "$STARTED_WITH" 2>/dev/null || true)"
if grep -qs '^cluster-init: true' "$K3S_ETC/config.yaml"; then result founder true; else result founder false; fi
if [ "$ROLE" = server ]; then
  if answer=$(ask --raw '/readyz?verbose' 2>&1); then
    result readyz ok
  elif failing=$(grep '^\[-\]' <<<"$answer" | sed 's/^\[-\]\([^ ]*\).*/\1/'); then
    result readyz failed
    result failing "${failing//$'\n'/,}"
  else
    result readyz unknown
  fi
fi
result disk-used-percent "$(df -Pk "$R/var/lib" | awk 'NR == 2 { sub("%", "", $5); print $5 }')"
result disk-free-mib "$(df -Pk "$R/var/lib" | awk 'NR == 2 { print int($4 / 1024) }')"
result clock "$(date +%s)"
find_boot
result boot "$this_boot"
