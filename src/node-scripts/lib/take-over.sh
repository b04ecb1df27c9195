#!/usr/bin/env bash
# What a restore, or the next try of a join, does to other jobs of its node.
# shellcheck disable=SC2154 # variables are set by the parts that are put before this one

# end_other_jobs: ends the jobs that hold this job's lock or wait for it. Each may have begun before the cluster lost its servers or before its
# bootstrap failed, and would wait for them for a quarter of an hour. Called before this job takes the lock.
end_other_jobs() {
  local file owner pid
  for file in "$STATE_DIR/locks/$KEELSON_LOCK"/*; do
    owner=$(cat "$file" 2>/dev/null) || continue
    owner=$STATE_DIR/jobs/${owner#job }/owner
    is_alive_in "$owner" || continue
    read -r pid _ <"$owner" || true
    say "ending ${owner%/owner}: another job makes it void"
    # Its supervisor: that ends the script's whole group and records how it ended.
    kill -TERM "$pid" 2>/dev/null || true
  done
}
