#!/usr/bin/env bash
# The job runner: what SSM runs. It starts a job, or attaches to the one of that id, and reports when it has ended.
#
# A job is a folder: script, sealed and secrets (presigned URLs, as the worker sent them and opened; gone at its end), owner (the supervisor), pid (the script), boot,
# started, deadline, log, result, exit. `owner` and `exit` are hard links, made by the process that comes first: a script is never
# begun twice and its outcome never changes. Supervisor and script lead process groups of their own, so that they outlive
# the SSM command and its agent, and a time-out reaches the script's children.
#
# A job that wants URLs of a node whose key the worker does not know yet is sent twice: the first command starts it and reports the key; the second
# attaches to it and brings the URLs. Later ones bring newer URLs. So nothing on the longest path waits for the key.
#
# Variables: JOB_ID JOB_LOCK JOB_TIMEOUT JOB_GRACE JOB_URLS (none, wanted, sealed); functions job_script, job_sealed (from the renderer)
# shellcheck disable=SC2154 # variables are set by the parts that are put before this one

JOBS=$STATE_DIR/jobs
JOB=$JOBS/$JOB_ID
KEEP_DAYS=7
# So many are kept at most, however young: a cluster in trouble is observed twice a minute.
KEEP_JOBS=400
# The SSM agent keeps a folder and a record of each command for 336 hours: of one a minute 20,000. [amazon-ssm-agent: appconfig, constants.go]
KEEP_COMMANDS=1500
# Characters of a report's result: the log wants some room, too.
MOST_RESULT=13000

run_job() {
  mkdir -p "$JOB" 2>/dev/null || not_started "cannot make $JOB"
  [ "$JOB_URLS" = none ] || make_seal_key || no_seal_key
  [ "$JOB_URLS" != sealed ] || take_sealed
  if [ ! -e "$JOB/owner" ] && [ ! -e "$JOB/exit" ]; then
    { job_script >"$JOB/script.$$" && printf '%40s' '' >"$JOB/exit.$$"; } 2>/dev/null ||
      not_started "cannot write to $JOB"
    # With job control a process in the background leads a group of its own; macOS has no setsid.
    set -m
    (supervise $$) </dev/null >/dev/null 2>&1 &
    set +m
    sweep_jobs
    [ "$JOB_URLS" = wanted ] || wait $! || true
  fi
  if [ "$JOB_URLS" = wanted ] && [ ! -e "$JOB/exit" ]; then
    printf 'keelson-key id=%s key=%s\n' "$JOB_ID" "$(seal_public)"
    return
  fi
  attach
  report
}

# take_sealed: the URLs of this command count from now on. A job that has ended wants none; one that ends just now takes them away, once.
take_sealed() {
  for _ in 1 2; do
    [ ! -e "$JOB/exit" ] || return 0
    { job_sealed >"$JOB/sealed.$$" && mv -f "$JOB/sealed.$$" "$JOB/sealed"; } 2>/dev/null || continue
    [ ! -e "$JOB/exit" ] || rm -f "$JOB/sealed"
    return 0
  done
  [ -e "$JOB/exit" ] || not_started "cannot write to $JOB"
}

# The disk is full or read-only. Nothing has run, so nothing is recorded: the same id may be sent again.
not_started() {
  local code=NodeWriteFailed
  if disk_is_full; then code=DiskFull; fi
  refuse "$code" "$1 (free space on the root volume or make it larger)"
}

no_seal_key() {
  if disk_is_full; then not_started "cannot make $SEAL_KEY"; fi
  command -v openssl >/dev/null || refuse ToolMissing 'this image lacks: openssl (use an image that has it)'
  refuse SealKeyMissing "cannot make $SEAL_KEY (install openssl 1.1.1 or later in the image)"
}

# refuse CODE TEXT: reports a job that has not begun.
refuse() {
  rm -f "$JOB/script.$$" "$JOB/sealed.$$" "$JOB/exit.$$"
  printf 'keelson-job id=%s outcome=failed exit=1\nkeelson-result\ncode=%s\nkeelson-log\nerror: %s\n' "$JOB_ID" "$1" "$2"
  exit 1
}

disk_is_full() {
  [ "$(df -Pk "$STATE_DIR" 2>/dev/null | awk 'NR == 2 { print ($4 < 1024) }')" = 1 ]
}

# supervise RUNNER: claims the job, runs its script, bounds its time, records how it ended.
supervise() {
  local me now child watchdog status=0 outcome stopped=
  exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
  trap '' HUP INT
  # $$ is the runner's in a subshell, and bash 3.2 has no BASHPID.
  # shellcheck disable=SC2016 # the inner shell says the number, so it is not to be expanded here
  me=${BASHPID:-$(exec sh -c 'echo $PPID')}
  find_identity "$me"
  if ! printf '%s' "$identity" >"$JOB/owner.$1" || [ -e "$JOB/exit" ] || ! ln "$JOB/owner.$1" "$JOB/owner"; then
    rm -f "$JOB/owner.$1" "$JOB/script.$1" "$JOB/exit.$1"
    return
  fi
  rm -f "$JOB/owner.$1"
  mv "$JOB/script.$1" "$JOB/script"
  now=${EPOCHSECONDS:-$(date +%s)}
  printf '%s' "$this_boot" >"$JOB/boot"
  printf '%s\n' "$now" >"$JOB/started"
  printf '%s\n' "$((now + JOB_TIMEOUT))" >"$JOB/deadline"
  : >"$JOB/result"
  trap 'stopped=1' TERM
  set -m
  KEELSON_JOB=$JOB KEELSON_LOCK=$JOB_LOCK bash "$JOB/script" >"$JOB/log" 2>&1 &
  child=$!
  (
    sleep "$JOB_TIMEOUT"
    : >"$JOB/timed-out"
    end_group "$child"
  ) &
  watchdog=$!
  set +m
  wait "$child" || status=$?
  # Whatever the script has left behind ends with it; so does the script, if it is we who were told to end.
  end_group "$child"
  # In the moment of its birth it has our trap, and would go on to its time-out.
  kill -KILL "-$watchdog" || true
  outcome=failed
  if [ -n "$stopped" ]; then
    # The machine goes down: what the script returned meanwhile says nothing about its work.
    outcome=interrupted status=-
  elif [ "$status" -eq 0 ]; then
    outcome='done'
  elif [ -e "$JOB/timed-out" ]; then
    outcome=timed-out
  fi
  close_job "$outcome" "$status" "$JOB/exit.$1"
}

# end_group LEADER: TERM, and after the grace KILL, to the whole group.
end_group() {
  local tries=$((JOB_GRACE * 10))
  kill -TERM "-$1" 2>/dev/null || return 0
  while kill -0 "-$1" 2>/dev/null && [ "$tries" -gt 0 ]; do
    tries=$((tries - 1))
    sleep 0.1
  done
  kill -KILL "-$1" 2>/dev/null || true
}

# close_job OUTCOME EXIT FILE: records the end once. FILE was written at full length before, so that a full disk cannot
# keep us from it.
close_job() {
  mask_log
  rm -rf "$JOB"/secrets* "$JOB"/sealed* "$JOB"/script.[0-9]* "$JOB/tmp" "$JOB/timed-out"
  printf '%s %s' "$1" "$2" 1<>"$3" || return 0
  ln "$3" "$JOB/exit" 2>/dev/null || true
  # A command may have brought URLs in between.
  rm -rf "$3" "$JOB"/sealed*
}

# attach: until the job has an outcome, also when its supervisor is gone.
attach() {
  local grace=20
  until [ -e "$JOB/exit" ]; do
    if is_alive_in "$JOB/owner"; then
      grace=20
    elif is_alive_in "$JOB/pid"; then
      bound_orphan
    elif [ "$grace" -gt 0 ] && ! is_of_another_boot; then
      # It claims or records just now, or is gone: two seconds tell.
      grace=$((grace - 1))
    elif [ -e "$JOB/timed-out" ]; then
      close_orphan timed-out
    elif [ -e "$JOB/owner" ]; then
      close_orphan interrupted
    else
      not_started "cannot claim $JOB"
    fi
    [ -e "$JOB/exit" ] || sleep 0.1
  done
}

is_of_another_boot() {
  find_boot
  [ -s "$JOB/boot" ] && [ "$(cat "$JOB/boot")" != "$this_boot" ]
}

# The script runs on without its supervisor: the time-out still holds.
bound_orphan() {
  if [ "$(date +%s)" -ge "$(cat "$JOB/deadline")" ]; then
    end_group "$(cut -d ' ' -f 1 "$JOB/pid")"
    close_orphan timed-out
  fi
}

close_orphan() {
  printf '%40s' '' >"$JOB/exit.$$" && close_job "$1" - "$JOB/exit.$$"
  [ -e "$JOB/exit" ] || not_started "cannot write to $JOB"
}

# report: the outcome for the program that reads it; under 20,000 characters, for SSM keeps 24,000. [docs: GetCommandInvocation]
report() {
  local outcome code result
  read -r outcome code <"$JOB/exit" || true
  { result=$(<"$JOB/result"); } 2>/dev/null || true
  if [ "$outcome" = failed ] && ! grep -q '^code=' <<<"$result" && ran_out_of_space; then
    result="code=DiskFull${result:+$'\n'}$result"
  fi
  [ "${#result}" -le "$MOST_RESULT" ] || result=$(shortened <<<"$result")
  printf 'keelson-job id=%s outcome=%s exit=%s\nkeelson-result\n' "$JOB_ID" "$outcome" "$code"
  [ -z "$result" ] || printf '%s\n' "$result"
  printf 'keelson-log\n'
  log_tail "$((19000 - ${#result}))"
  [ "$outcome" = 'done' ]
}

# shortened: a long result in one line, compressed, as that of five hundred nodes; its first lines where that is too long, or the image lacks gzip.
shortened() {
  local lines packed
  lines=$(cat)
  packed=$(gzip -9 -c <<<"$lines" 2>/dev/null | base64 | tr -d '\n') || packed=
  if [ -n "$packed" ] && [ "${#packed}" -lt "$MOST_RESULT" ]; then
    printf 'packed=%s\n' "$packed"
  else
    awk -v most="$MOST_RESULT" '{ size += length($0) + 1; if (size > most) { print "truncated=true"; exit } print }' <<<"$lines"
  fi
}

ran_out_of_space() { disk_is_full || log_tail 10000 | grep -q 'No space left on device'; }

# sweep_jobs: ended ones that are older than a week or too many; one that may run, however long, is never touched. Then what the SSM agent keeps of
# commands that ended long ago.
sweep_jobs() {
  local folder
  find_boot
  {
    find "$JOBS" -mindepth 1 -maxdepth 1 -type d -mtime "+$KEEP_DAYS" 2>/dev/null
    all_but_newest "$KEEP_JOBS" "$JOBS"
  } | while read -r folder; do
    if [ -e "$folder/exit" ] || [ "$(cat "$folder/boot" 2>/dev/null)" != "$this_boot" ]; then rm -rf "$folder"; fi
  done
  for folder in "$R"/var/lib/amazon/ssm/*/document/orchestration "$R"/var/lib/amazon/ssm/*/document/state/completed; do
    all_but_newest "$KEEP_COMMANDS" "$folder"
  done | while read -r folder; do rm -rf "$folder"; done
}

# all_but_newest COUNT FOLDER: paths of what is in it, without the newest so many. Names of jobs and commands hold no line feed.
all_but_newest() {
  local all names
  all=("$2"/*)
  [ "${#all[@]}" -gt "$1" ] || return 0
  # find cannot sort by time everywhere.
  names=$(ls -t "$2" 2>/dev/null) || return 0
  awk -v count="$1" -v folder="$2" 'NR > count { print folder "/" $0 }' <<<"$names"
}
