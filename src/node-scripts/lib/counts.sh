#!/usr/bin/env bash
# How many objects a cluster has, of kinds that each one has.
# Result: count.<kind>=<how many there are>

# count_of KIND: a list that is cut after one object says how many follow. [Kubernetes API: ListMeta, remainingItemCount]
count_of() {
  local list more
  list=$(ask --raw "/api/v1/$1?limit=1") || return 1
  more=$(grep -o '"remainingItemCount":[0-9]*' <<<"$list" | head -n 1) || true
  case $list in
    *'"items":[]'* | *'"items":null'*) printf 0 ;;
    *) printf '%s' "$((${more##*:} + 1))" ;;
  esac
}

# count_objects: a kind that is not answered for is left out.
count_objects() {
  local kind count
  for kind in nodes namespaces configmaps secrets pods; do
    count=$(count_of "$kind") || continue
    result "count.$kind" "$count"
  done
}
