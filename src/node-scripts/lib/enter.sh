#!/usr/bin/env bash
# First steps of a script that runs as a job: says who it is, waits for its lock.
# shellcheck disable=SC2034,SC2154 # variables are read by the parts that are put behind this one, or set by those before

enter_job() {
  local ticket
  find_identity $$
  printf '%s' "$identity" >"$KEELSON_JOB/pid"
  # Given up as interrupted before it could say that it lives: then it must not begin.
  [ ! -e "$KEELSON_JOB/exit" ] || exit 143
  # A restore makes void what other jobs were about to do here. [lib/take-over]
  [ "${TAKE_OVER:-}" != true ] || end_other_jobs
  if [ -n "$KEELSON_LOCK" ]; then
    take_lock "$KEELSON_LOCK" "job ${KEELSON_JOB##*/}"
    job_ticket=$ticket
  fi
}

enter_job
