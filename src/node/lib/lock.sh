#!/usr/bin/env bash
# Locks between jobs of one node, without flock, which macOS lacks. A lock is a folder of tickets; the lowest ticket of a
# living owner holds it. A ticket's name carries its owner, so nothing is ever read half-written, and a dead owner's ticket
# can be removed by anybody without taking away somebody else's. First come, first served.
# shellcheck disable=SC2034 # variables are read by the parts that are put behind this one

# take_lock NAME LABEL: waits until this process holds the lock; leaves the ticket's path in `ticket`.
take_lock() {
  local folder=$STATE_DIR/locks/$1 name owner number blocker
  mkdir -p "$folder"
  owner=$(identity_of $$)
  owner=${owner// /,}
  while :; do
    number=$(highest_ticket "$folder")
    name=$(printf '%09d' $((10#$number + 1))),$owner
    printf '%s' "$2" >"$folder/$name"
    # Two that numbered themselves from an old listing: only the one that sees nothing above itself keeps its ticket.
    [ "$(highest_ticket_name "$folder")" = "$name" ] && break
    rm -f "$folder/$name"
    sleep 0.0$((RANDOM % 9 + 1))
  done
  ticket=$folder/$name
  while blocker=$(ticket_before "$folder" "$name") && [ -n "$blocker" ]; do
    waiting "the lock $1, held by $(cat "$folder/$blocker" 2>/dev/null || printf 'a job that ends now')"
    sleep "$POLL"
  done
  waiting_for=
}

highest_ticket_name() {
  local file last=
  for file in "$1"/*; do [ ! -e "$file" ] || last=${file##*/}; done
  printf '%s' "$last"
}

highest_ticket() {
  local name
  name=$(highest_ticket_name "$1")
  name=${name%%,*}
  printf '%s' "${name:-0}"
}

# ticket_before FOLDER NAME: a ticket of a living owner that comes first, if there is one; sweeps those of dead owners.
ticket_before() {
  local file name pid start boot
  for file in "$1"/*; do
    name=${file##*/}
    [ "$name" != "$2" ] || return 0
    IFS=, read -r _ pid start boot <<<"$name"
    if is_alive "$pid" "$start" "$boot"; then
      printf '%s' "$name"
      return 0
    fi
    rm -f "$file"
  done
}
