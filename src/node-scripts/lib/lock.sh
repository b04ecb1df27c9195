#!/usr/bin/env bash
# Locks between jobs of one node, without flock, which macOS lacks. A lock is a folder of tickets; the lowest ticket of a
# living owner holds it. A ticket's name carries its owner, so nothing is ever read half-written, and a dead owner's ticket
# can be removed by anybody without taking away someone else's. First come, first served.
# shellcheck disable=SC2034,SC2154 # variables are read by the parts that are put behind this one, or set by those before

# take_lock NAME LABEL: waits until this process holds the lock; leaves the ticket's path in `ticket`.
take_lock() {
  local folder=$STATE_DIR/locks/$1 name highest number blocker
  mkdir -p "$folder"
  find_identity $$
  while :; do
    find_highest_ticket "$folder"
    number=${highest%%,*}
    printf -v name '%09d,%s' $((10#${number:-0} + 1)) "${identity// /,}"
    printf '%s' "$2" >"$folder/$name"
    # Two that numbered themselves from an old listing: only the one that sees nothing above itself keeps its ticket.
    find_highest_ticket "$folder"
    [ "$highest" != "$name" ] || break
    rm -f "$folder/$name"
    sleep 0.0$((RANDOM % 9 + 1))
  done
  ticket=$folder/$name
  while find_ticket_before "$folder" "$name" && [ -n "$blocker" ]; do
    waiting "the lock $1, held by $(cat "$folder/$blocker" 2>/dev/null || printf 'a job that ends now')"
    sleep "$POLL"
  done
  waiting_for=
}

# is_waited_for: whether a job came to this one's lock after it.
is_waited_for() {
  local highest
  [ -n "$job_ticket" ] || return 1
  find_highest_ticket "${job_ticket%/*}"
  [ "$highest" != "${job_ticket##*/}" ]
}

# find_highest_ticket FOLDER: its name in `highest`; empty when there is none.
find_highest_ticket() {
  local file
  highest=
  for file in "$1"/*; do [ ! -e "$file" ] || highest=${file##*/}; done
}

# find_ticket_before FOLDER NAME: in `blocker` a ticket of a living owner that comes first, if there is one; sweeps those of dead owners.
find_ticket_before() {
  local file name pid start boot
  blocker=
  for file in "$1"/*; do
    name=${file##*/}
    [ "$name" != "$2" ] || return 0
    IFS=, read -r _ pid start boot <<<"$name"
    if is_alive "$pid" "$start" "$boot"; then
      blocker=$name
      return 0
    fi
    rm -f "$file"
  done
}
