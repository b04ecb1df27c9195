#!/usr/bin/env bash
# Helps a joining server whose etcd waits for what cannot come. Since etcd 3.6 a new member begins with a snapshot of the leader. It also announces itself through the leader,
# and serves no one before it sees the announcement arrive. Where the snapshot already contains it, that never happens, and etcd asks again after 15 s: 5 s and twice
# the election time-out of K3s. A restart announces at once; a learner is part of no quorum. [etcd source: etcdserver, publishV3, compactRaftLog; measured, docs/adr/0089]

# Seconds between two looks at a proposal, and how many of them follow each other.
ANNOUNCEMENT_PAUSE=0.1
ANNOUNCEMENT_LOOKS=10
# K3s was restarted for it: once a job.
announced_again=''

# help_start: in each look at a service that comes up, and at a learner. Asks for no vote while the announcement is under way: etcd grants it as soon as the snapshot is
# there, and a voter is not restarted.
help_start() {
  [ "$ROLE" = server ] || return 0
  if [ -z "$announced_again" ]; then
    case $(announcement_seen) in
      lost)
        announced_again=true
        say "restarting $(unit_of "$ROLE"): the snapshot that etcd began with holds its announcement, for which it would wait 15 s"
        systemctl restart --no-block "$(unit_of "$ROLE")"
        return 0
        ;;
      comes) return 0 ;;
    esac
  fi
  ask_for_vote
}

# announcement_seen: `lost` where two looks in a row find it waiting: what is on its way to the leader arrives between them. Looks often while the snapshot comes, for
# K3s's loop, too, may let the member vote once it is there. [k3s source: pkg/etcd, trackLearnerProgress]
announcement_seen() {
  local told before='' left=$ANNOUNCEMENT_LOOKS
  while told=$(announcement) && [ -n "$told" ]; do
    if [ "$before $told" = 'waits waits' ]; then
      printf lost
      return 0
    fi
    before=$told left=$((left - 1))
    if [ "$left" -eq 0 ]; then
      printf comes
      return 0
    fi
    sleep "$ANNOUNCEMENT_PAUSE"
  done
}

# announcement: of the member of this machine where it learns and has a proposal of its own under way: `waits` where it has applied all that it knows to be committed, else `comes`.
announcement() {
  etcd_tells metrics | awk '
    { value[$1] = $2 }
    END {
      if (value["etcd_server_is_learner"] != 1 || value["etcd_server_proposals_pending"] + 0 < 1) exit
      applied = value["etcd_server_proposals_applied_total"] + 0
      print (value["etcd_server_has_leader"] == 1 && applied > 0 && applied >= value["etcd_server_proposals_committed_total"] + 0 ? "waits" : "comes")
    }'
}
