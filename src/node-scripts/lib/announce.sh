#!/usr/bin/env bash
# Helps a joining server whose etcd waits for what cannot come. Since etcd 3.6 a new member begins with a snapshot of the leader. It also announces itself through the leader,
# and serves no one before it sees the announcement arrive. Where the snapshot already contains it, that never happens, and etcd asks again after 15 s: 5 s and twice
# the election time-out of K3s. A restart announces at once; a learner is part of no quorum. [etcd source: etcdserver, publishV3, compactRaftLog; measured, docs/adr/0089]

# Looks in a row that have found it waiting; `restarted` once K3s was restarted for it.
announcement_waits=0

# help_join: in each look at a service that comes up, and at a learner.
help_join() {
  local waits
  [ "$ROLE" = server ] || return 0
  waits=$(announcement) || waits=
  case $waits:$announcement_waits in
    waits:0) announcement_waits=1 ;;
    waits:1)
      announcement_waits=restarted
      say "restarting $(unit_of "$ROLE"): the snapshot that etcd began with holds its announcement, for which it would wait 15 s"
      systemctl restart --no-block "$(unit_of "$ROLE")"
      ;;
    *)
      [ "$announcement_waits" = restarted ] || announcement_waits=0
      ask_for_vote
      ;;
  esac
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
