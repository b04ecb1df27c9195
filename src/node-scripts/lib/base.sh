#!/usr/bin/env bash
# In front of every script: how it says what it does, what came of it, and how it fails.
# shellcheck disable=SC2034 # variables are read by the parts that are put behind this one

set -eE

# Seconds between two observations: short, because every wait is on someone's critical path.
POLL=0.25

failed_at=
waiting_for=
watched_unit=
job_ticket=
download_ticket=

# A line for the log; whatever was waited for is over.
say() {
  waiting_for=
  printf '%s\n' "$*"
}

# Tells what the script waits for, once per reason, so that a time-out's log ends with it.
waiting() {
  [ "$1" != "$waiting_for" ] || return 0
  waiting_for=$1
  printf 'waiting for: %s\n' "$1"
}

# A `key=value` line of the job's result.
result() {
  [ -n "${KEELSON_JOB:-}" ] || return 0
  printf '%s=%s\n' "$1" "${2//$'\n'/ }" >>"$KEELSON_JOB/result"
}

# fail CODE WHAT DO: ends the script with a code for programs and one line for people.
fail() {
  result code "$1"
  printf 'error: %s (%s)\n' "$2" "$3" >&2
  exit 1
}

has_code() { [ -n "${KEELSON_JOB:-}" ] && grep -q '^code=' "$KEELSON_JOB/result" 2>/dev/null; }

# Last lines of a unit's journal, for the log of a job that failed or ran out of time.
show_journal() {
  command -v journalctl >/dev/null 2>&1 || return 0
  say "journal of $1:"
  journalctl -u "$1" -n 15 --no-pager -o cat 2>/dev/null || true
}

note_failure() { failed_at="line $1: ${2%%$'\n'*}"; }

# A subshell that is ended in the moment of its birth still has the traps of its script: what ends the script is not for it. [bash: traps are reset after the
# fork; 3.2 has no BASHPID]
on_exit() {
  local status=$?
  [ "${BASHPID:-$$}" = $$ ] || return 0
  trap - ERR
  [ -z "$job_ticket" ] || rm -f "$job_ticket"
  [ -z "$download_ticket" ] || rm -f "$download_ticket"
  [ -z "${KEELSON_JOB:-}" ] || rm -rf "$KEELSON_JOB/tmp"
  if [ "$status" -ne 0 ] && [ "$status" -ne 143 ] && ! has_code; then
    printf 'error: stopped with exit %s at %s (see the lines above)\n' "$status" "${failed_at:-the end}" >&2
  fi
}

on_term() {
  trap '' TERM
  [ "${BASHPID:-$$}" = $$ ] || exit
  [ -z "$waiting_for" ] || printf 'ended while waiting for: %s\n' "$waiting_for"
  [ -z "$watched_unit" ] || show_journal "$watched_unit"
  exit 143
}

trap 'note_failure "$LINENO" "$BASH_COMMAND"' ERR
trap on_exit EXIT
trap on_term TERM

# put_file PATH MODE: replaces the file by stdin in one move; a crash leaves the old or the new one, never half of it.
put_file() {
  mkdir -p "${1%/*}"
  cat >"$1.new.$$"
  chmod "$2" "$1.new.$$"
  # XFS may show an empty file after a power cut if it was renamed without a sync.
  sync "$1.new.$$" 2>/dev/null || true
  mv -f "$1.new.$$" "$1"
}

# A folder for files that must not outlive the job.
temporary_folder() {
  mkdir -p "$KEELSON_JOB/tmp"
  printf '%s' "$KEELSON_JOB/tmp"
}
