#!/usr/bin/env bash
# The state of one node, for the checks. Changes nothing and does not fail: what cannot be seen is said as `unknown`.
# Variables: ROLE [DEEP (true: ask for certificates too, which costs a process of K3s)]
# Result: altered=<files that are not as Keelson has written them, or none>, service=, restarts=, readyz=ok|failed|unknown, failing=<names of readyz checks>, version=, started-with=,
#         bootstrap-server=<whether its configuration has cluster-init>, disk-used-percent=, disk-free-mib=, clock=<seconds since 1970>, boot=;
#         of a server where it is there: etcd-alarm=none|NOSPACE|CORRUPT, etcd-leader=true|false, db-used-mib=,
#         db-mib=<etcd's whole database file; K3s's quota is 2 GiB>, snapshot=<newest file name>;
#         with DEEP where K3s was started once: cert-earliest=<YYYY-MM-DDTHH:MMZ>, ca-earliest= the same for the CAs
# shellcheck disable=SC2154 # variables are set by the parts that are put before this one

# altered_files: names of files that are not as they were written, joined by commas; fails where nothing is known.
altered_files() {
  local kind name data path altered='' bundle=$STATE_DIR/files/bundle
  [ -e "$STATE_DIR/config-sum" ] || return 1
  [ "$(sha256_of "$K3S_ETC/config.yaml" 2>/dev/null)" = "$(cat "$STATE_DIR/config-sum")" ] || altered=config.yaml
  [ ! -e "$bundle" ] || while read -r kind _ name data; do
    case $kind in
      env) name=environment path=$R/etc/systemd/system/$(unit_of "$ROLE").service.env ;;
      file) path=$R$name name=file:$name ;;
      manifest) path=$R/var/lib/rancher/k3s/server/manifests/keelson-$name.yaml name=manifest:$name ;;
      *) continue ;;
    esac
    base64 --decode <<<"$data" | cmp -s - "$path" || altered=${altered:+$altered,}$name
  done <"$bundle"
  printf '%s' "$altered"
}

unit=$(unit_of "$ROLE")
version=$(installed_version)
result service "$(service_state "$unit")"
result restarts "$(restarts_of "$unit")"
result version "${version:-none}"
if altered=$(altered_files); then result altered "${altered:-none}"; fi
result started-with "$(cat "$STARTED_WITH" 2>/dev/null || true)"
if grep -qs '^cluster-init: true' "$K3S_ETC/config.yaml"; then result bootstrap-server true; else result bootstrap-server false; fi
if [ "$ROLE" = server ]; then
  if answer=$(ask --raw '/readyz?verbose' 2>&1); then
    result readyz ok
  elif failing=$(grep '^\[-\]' <<<"$answer" | sed 's/^\[-\]\([^ ]*\).*/\1/'); then
    result readyz failed
    result failing "${failing//$'\n'/,}"
  else
    result readyz unknown
  fi
  if alarm=$(etcd_alarm); then result etcd-alarm "$alarm"; fi
  if facts=$(etcd_facts) && [ -n "$facts" ]; then
    while read -r key value; do result "$key" "$value"; done <<<"$facts"
  fi
  database=$SERVER_DIR/db/etcd/member/snap/db
  if [ -f "$database" ] && size=$(wc -c 2>/dev/null <"$database"); then result db-mib "$((size / 1048576))"; fi
  find_newest_snapshot ''
  [ -z "$newest" ] || result snapshot "$newest"
fi
# On an agent node k3s checks the agent's certificates. [k3s source: pkg/cli/cert, check]
if [ "${DEEP:-}" = true ] && table=$(certificate_table) && rows=$(certificate_rows "$table") && [ -n "$rows" ]; then
  result cert-earliest "$(earliest_end "$rows")"
  if authorities=$(ca_rows "$table") && [ -n "$authorities" ]; then result ca-earliest "$(earliest_end "$authorities")"; fi
fi
read -r used free <<<"$(df -Pk "$R/var/lib" | awk 'NR == 2 { sub("%", "", $5); print $5, int($4 / 1024) }')"
result disk-used-percent "$used"
result disk-free-mib "$free"
result clock "$(date +%s)"
find_boot
result boot "$this_boot"
