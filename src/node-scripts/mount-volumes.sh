#!/usr/bin/env bash
# Mounts the data volumes of a new node before K3s starts, and lets every boot mount them again. Makes a file system only on an empty volume.
# Run twice, the second run finds nothing to do.
# Variables: ROLE VOLUMES: lines of `<name> <volume id> <device> <file system> <path> <new|used>`; a raw volume has - for file system and path
# Result: mounted=<names>, formatted=<names>

formatted=
mounted=

require_volume_tools() {
  local tool missing='' name id device kind path state
  while read -r name id device kind path state; do
    [ "$kind" != - ] || continue
    for tool in blkid findmnt mount "mkfs.$kind"; do
      command -v "$tool" >/dev/null 2>&1 || case " $missing " in *" $tool "*) ;; *) missing+=" $tool" ;; esac
    done
  done <<<"$VOLUMES"
  [ -z "$missing" ] ||
    fail ToolMissing "this image lacks:$missing" 'use an image with util-linux and the tools of the file systems of its volumes'
}

# find_device ID DEVICE: the block device of a volume, in `node`. NVMe devices are numbered in the order in which they are found, so only the id
# of the volume tells them apart. [docs: EBS and NVMe] Instances of Xen have no such names and use xvd for sd.
find_device() {
  local id=${1/-/} letter=${2##*sd} until=$((SECONDS + 60))
  while :; do
    node=$R/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_$id
    [ ! -e "$node" ] || return 0
    if ! compgen -G "$R/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_*" >/dev/null && [ -e "$R/dev/xvd$letter" ]; then
      node=$R/dev/xvd$letter
      return 0
    fi
    [ "$SECONDS" -lt "$until" ] ||
      fail DeviceMissing "the volume $1 is attached and no block device shows it" 'see lsblk and /dev/disk/by-id on the node'
    waiting "the block device of $1"
    sleep "$POLL"
  done
}

# The type of the file system, empty for none. blkid ends with 2 where it recognises nothing, which is not the same as an error.
# [blkid(8), low-level probing]
filesystem_on() {
  local found status=0
  found=$(blkid -p -o export "$1" 2>/dev/null) || status=$?
  case $status in
    0) awk -F= '$1 == "TYPE" { type = $2 } $1 == "PTTYPE" { table = $2 } END { print type != "" ? type : "a partition table (" table ")" }' <<<"$found" ;;
    2) [ "$(head -c 4194304 "$1" | tr -d '\0' | wc -c | tr -d ' ')" = 0 ] || printf 'data without a file system' ;;
    *) printf 'something that blkid cannot read (exit %s)' "$status" ;;
  esac
}

uuid_of() { blkid -p -o value -s UUID "$1"; }

# make_filesystem NAME ID TYPE STATE: leaves the type that the volume has in `kind`.
make_filesystem() {
  local found
  found=$(filesystem_on "$node")
  case $found in
    ext4 | xfs)
      [ "$found" = "$3" ] || say "$1: the volume $2 has $found, and the document names $3"
      kind=$found
      return 0
      ;;
    '') ;;
    *) fail VolumeNotEmpty "the volume $2 ($1) holds $found" 'Keelson formats empty volumes only: save what it holds, or delete the volume' ;;
  esac
  [ "$4" = new ] ||
    fail VolumeEmptied "the volume $2 ($1) had a file system and has none" 'restore it from a snapshot, or delete the volume: the slot gets an empty one'
  say "making $3 on $2"
  "mkfs.$3" -q "$node" >/dev/null
  kind=$3
  formatted=${formatted:+$formatted,}$1
}

# mount_volume NAME ID PATH TYPE
mount_volume() {
  local uuid target=$R$3 current others
  uuid=$(uuid_of "$node")
  [ -n "$uuid" ] || fail VolumeNotEmpty "the $4 on $2 ($1) has no UUID" 'give it one with tune2fs or xfs_admin'
  (umask 022 && mkdir -p "$target")
  current=$(findmnt -nro UUID -M "$target" 2>/dev/null) || current=
  if [ "$current" != "$uuid" ]; then
    [ -z "$current" ] || fail MountPathInUse "$3 is the mount of another volume ($current)" 'unmount it, or choose another mountPath'
    [ -z "$(ls -A "$target")" ] ||
      fail MountPathInUse "$3 holds files, which the volume $2 ($1) would hide" 'move them away, or choose another mountPath'
  fi
  # Without nofail a missing volume would keep the system from booting, and SSM with it; K3s waits for it all the same, see below.
  # [docs: EBS, mount automatically after reboot]
  others=$(grep -v "^[^#]*[[:space:]]$3[[:space:]]" "$R/etc/fstab" 2>/dev/null) || true
  printf '%sUUID=%s %s %s defaults,nofail 0 2\n' "${others:+$others$'\n'}" "$uuid" "$3" "$4" | put_file "$R/etc/fstab" 644
  [ "$current" = "$uuid" ] || mount -t "$4" "$node" "$target"
  mounted=${mounted:+$mounted,}$1
  say "$2 ($1) is mounted at $3"
}

# K3s on the empty folder below a mount would write to the root volume what belongs to the kept one. [systemd.unit(5), RequiresMountsFor]
let_k3s_wait() {
  local paths name id device kind path state
  while read -r name id device kind path state; do
    [ "$path" = - ] || paths=${paths:+$paths }$path
  done <<<"$VOLUMES"
  [ -n "${paths:-}" ] || return 0
  printf '[Unit]\nRequiresMountsFor=%s\n' "$paths" |
    put_file "$R/etc/systemd/system/$(unit_of "$ROLE").service.d/keelson-volumes.conf" 644
  systemctl daemon-reload
}

require_volume_tools
while read -r name id device kind path state; do
  find_device "$id" "$device"
  [ "$kind" != - ] || continue
  make_filesystem "$name" "$id" "$kind" "$state"
  mount_volume "$name" "$id" "$path" "$kind"
done <<<"$VOLUMES"
let_k3s_wait
result mounted "$mounted"
result formatted "$formatted"
