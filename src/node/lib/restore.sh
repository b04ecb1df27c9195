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

# reset_etcd CONFIG DATA: K3s's cluster-reset from the snapshot, with that configuration, in that data folder. On failure says why, in one code each.
reset_etcd() {
  local said
  if said=$(timeout "$RESET_SECONDS" "$reset_k3s" server --cluster-reset "--cluster-reset-restore-path=$RESTORE/snapshot" --config "$1" --data-dir "$2" 2>&1); then
    return 0
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
