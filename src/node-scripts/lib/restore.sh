#!/usr/bin/env bash
# A snapshot back into etcd: by K3s's own cluster-reset, with the token of the snapshot's time. [docs: cli/etcd-snapshot]
# Variables: RESTORE_REF
# shellcheck disable=SC2034,SC2154 # variables are set and read by other parts

# What was fetched for this restore, and how far it has got.
RESTORE=$STATE_DIR/restore/$RESTORE_REF
# K3s is given so long; a reset takes seconds, and one that hangs waits for others.
RESET_SECONDS=240

# The K3s that resets: the one that is installed, or that of the snapshot's time.
reset_k3s=$R/usr/local/bin/k3s

# take_release VERSION: resets with that version, beside the one that is installed: nothing is replaced before the rehearsal has succeeded.
take_release() {
  [ "$(installed_version)" != "$1" ] || return 0
  K3S_VERSION=$1 K3S_SHA256=
  with_environment fetch_binary
  reset_k3s=$RESTORE/k3s
  mkdir -p "$RESTORE"
  ln -f "$(cached_binary)" "$reset_k3s" 2>/dev/null || cp "$(cached_binary)" "$reset_k3s"
}

# try_reset CONFIG DATA [OPTION...]: K3s's cluster-reset from the snapshot, with that configuration, in that data folder. Leaves K3s's output in `said`.
# With etcd-s3 of the document K3s would take the path for a name in that bucket. [k3s #8727]
try_reset() {
  said=$(timeout "$RESET_SECONDS" "$reset_k3s" server --cluster-reset "--cluster-reset-restore-path=$RESTORE/snapshot" --etcd-s3=false --config "$1" --data-dir "$2" "${@:3}" 2>&1)
}

# reset_etcd CONFIG DATA: the same; on failure says why, in one code each. Etcd derives a member's id from its address: the first server gets the id that
# it had. K3s's reset listens on loopback only, because other servers may still run [k3s: pkg/etcd, listenPeerURLs]. Where it also listens on the node's
# address they speak to it, and its raft panics: a rehearsal then takes an address that they do not have.
reset_etcd() {
  local said
  ! try_reset "$@" || return 0
  if [ "$2" = "${scratch:-}" ] && [[ $said == *raft* ]]; then
    rm -rf "$2/server"
    ! try_reset "$@" --node-ip=127.0.0.2 || return 0
  fi
  say "$(tail -n 20 <<<"$said")"
  "${before_failing:-:}"
  case $said in
    *'different token'* | *'invalid token'* | *'token CA hash'*)
      fail SnapshotTokenMismatch 'the token stored with the backup does not open its snapshot' 'restore another backup: keelson backups' ;;
    *'snapshot missing hash'* | *'expected sha256'* | *'unexpected EOF'* | *'invalid database'* | *'checksum'*)
      fail SnapshotDamaged 'the snapshot is damaged: etcd does not read it' 'restore another backup: keelson backups' ;;
    *'downgrade'* | *'newer than'*)
      fail SnapshotTooNew 'the snapshot is of a newer K3s than the installed one' 'restore it with --with-version, or raise spec.k3s.version' ;;
    *'no space left'*)
      fail DiskFull 'the snapshot cannot be restored: no space left on the disk' 'free space, or use a larger rootVolume' ;;
    *)
      fail RestoreFailed "K3s does not restore the snapshot: $(tail -n 1 <<<"$said" | cut -c 1-300)" 'see the log' ;;
  esac
}
