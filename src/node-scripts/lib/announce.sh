#!/usr/bin/env bash
# Helps a joining server whose etcd waits for what cannot come. Since etcd 3.6 a new member begins with a snapshot of the leader. It also announces itself through the leader,
# and serves no one before it sees the announcement arrive. Where the snapshot already contains it, that never happens, and etcd asks again after 15 s: 5 s and twice
# the election time-out of K3s. A restart announces at once; a learner is part of no quorum. [etcd source: etcdserver, publishV3, compactRaftLog; measured, docs/adr/0089]

# Between two looks at a proposal: what is on its way to the leader arrives meanwhile.
ANNOUNCEMENT_PAUSE=0.1
# K3s was restarted for it: once a job.
announced_again=''

# help_start: in each look at a service that comes up, and at a learner.
help_start() {
  [ "$ROLE" = server ] || return 0
  if [ -z "$announced_again" ] && [ "$(announcement)" = waits ] && sleep "$ANNOUNCEMENT_PAUSE" && [ "$(announcement)" = waits ]; then
    announced_again=true
    say "restarting $(unit_of "$ROLE"): the snapshot that etcd began with holds its announcement, for which it would wait 15 s"
    systemctl restart --no-block "$(unit_of "$ROLE")"
  else
    ask_for_vote
  fi
}

# announcement: `waits` where the member of this machine learns, has applied all that it knows to be committed, and still has a proposal of its own under way.
announcement() {
  etcd_tells metrics | awk '
    { value[$1] = $2 }
    END {
      if (value["etcd_server_is_learner"] == 1 && value["etcd_server_has_leader"] == 1 && value["etcd_server_proposals_pending"] >= 1 &&
          value["etcd_server_proposals_applied_total"] > 0 &&
          value["etcd_server_proposals_applied_total"] + 0 >= value["etcd_server_proposals_committed_total"] + 0) print "waits"
    }'
}
