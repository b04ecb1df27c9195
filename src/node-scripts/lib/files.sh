#!/usr/bin/env bash
# What a node gets besides K3s: files, environment, manifests, and scripts of its own, in one bundle from the bucket. SSM's commands are no place
# for them: they are kept, and hold 64 KiB.
# Variables: ROLE FILES_SHA256 (where there is a bundle) HOOK_SECONDS; URL FILES_GET
# Result: gone=<names of manifests that were there and are not any more>

FILES_DIR=$STATE_DIR/files
MANIFESTS=$R/var/lib/rancher/k3s/server/manifests

environment_file() { printf '%s/etc/systemd/system/%s.service.env' "$R" "$(unit_of "$ROLE")"; }

# take_files: puts the bundle in place, where there is one. What an earlier one has left and this one has not goes.
take_files() {
  local bundle kind mode name data
  [ -n "${FILES_SHA256:-}" ] || return 0
  bundle=$(temporary_folder)/bundle
  waiting 'the files of this node in the bucket'
  get_object FILES_GET "$bundle" ||
    transfer_failed 'the files of this node in the bucket' Bucket BucketMissing 'check bucket and key'
  [ "$(sha256_of "$bundle")" = "$FILES_SHA256" ] ||
    fail FilesChanged 'the files of this node in the bucket are not those that Keelson has put there' 'see who else writes to the bucket; keelson retry stores them again'
  # As K3s makes it: what others may enter lies below.
  (umask 022 && mkdir -p "$R/var/lib/rancher/k3s")
  mkdir -p "$FILES_DIR"
  rm -rf "$FILES_DIR"/new.*
  : >"$FILES_DIR/new.files"
  : >"$FILES_DIR/new.manifests"
  : >"$FILES_DIR/new.environment"
  while read -r kind mode name data; do
    case $kind in
      env) base64 --decode <<<"$data" >"$FILES_DIR/new.environment" ;;
      file)
        base64 --decode <<<"$data" | put_file "$R$name" "$mode"
        printf '%s\n' "$name" >>"$FILES_DIR/new.files"
        ;;
      manifest)
        # K3s applies a file again when its bytes have changed: one that has not is left alone. [k3s source: pkg/deploy]
        base64 --decode <<<"$data" >"$FILES_DIR/new.manifest"
        cmp -s "$FILES_DIR/new.manifest" "$MANIFESTS/keelson-$name.yaml" ||
          put_file "$MANIFESTS/keelson-$name.yaml" 600 <"$FILES_DIR/new.manifest"
        printf '%s\n' "$name" >>"$FILES_DIR/new.manifests"
        ;;
      hook) base64 --decode <<<"$data" | put_file "$FILES_DIR/hook-$name" 700 ;;
    esac
  done <"$bundle"
  if [ -s "$FILES_DIR/new.environment" ]; then
    put_file "$(environment_file)" 600 <"$FILES_DIR/new.environment"
  else
    rm -f "$(environment_file)"
  fi
  remove_files
  remove_manifests
  mv -f "$FILES_DIR/new.files" "$FILES_DIR/files"
  mv -f "$FILES_DIR/new.manifests" "$FILES_DIR/manifests"
  rm -rf "$FILES_DIR"/new.*
  # The script probe compares what it holds with what is there.
  mv -f "$bundle" "$FILES_DIR/bundle"
}

# Those that the bundle before this one has put there.
remove_files() {
  local name
  [ -e "$FILES_DIR/files" ] || return 0
  while IFS= read -r name; do
    grep -qxF -e "$name" "$FILES_DIR/new.files" || rm -f "$R$name"
  done <"$FILES_DIR/files"
}

# Aside and not away: what they have made is deleted by them. K3s itself deletes nothing when a file goes. [docs: K3s, packaged components]
remove_manifests() {
  local file name gone=
  for file in "$MANIFESTS"/keelson-*.yaml; do
    [ -e "$file" ] || continue
    name=${file##*/keelson-}
    name=${name%.yaml}
    ! grep -qxF -e "$name" "$FILES_DIR/new.manifests" || continue
    mkdir -p "$FILES_DIR/removed"
    mv -f "$file" "$FILES_DIR/removed/$name.yaml"
    gone=${gone:+$gone,}$name
  done
  [ -z "$gone" ] || result gone "$gone"
}

# with_environment COMMAND...: the proxies of spec.k3s.environment count for downloads, too.
with_environment() {
  local file line
  file=$(environment_file)
  if [ ! -s "$file" ]; then
    "$@"
    return
  fi
  while IFS= read -r line; do
    case $line in
      [Hh][Tt][Tt][Pp]_[Pp]*=* | [Hh][Tt][Tt][Pp][Ss]_[Pp]*=* | [Nn][Oo]_[Pp]*=* | [Aa][Ll][Ll]_[Pp]*=*)
        line=${line%\"}
        # curl reads http_proxy in small letters only. [curl(1), environment]
        export "${line%%=*}=${line#*=\"}" "$(printf '%s' "${line%%=*}" | tr '[:upper:]' '[:lower:]')=${line#*=\"}"
        ;;
    esac
  done <"$file"
  "$@"
  # The next requests go to the bucket, which presigned URLs reach without a proxy.
  unset HTTP_PROXY http_proxy HTTPS_PROXY https_proxy NO_PROXY no_proxy ALL_PROXY all_proxy
}

# run_hook before|after: once on each node, and again where it did not come to its end. Bounded in time; what it says last is the cause.
run_hook() {
  local hook=$FILES_DIR/hook-$1 log child watchdog status=0
  if [ ! -s "$hook" ] || [ -e "$hook.done" ]; then return 0; fi
  log=$(temporary_folder)/hook.log
  say "running node.$1"
  waiting "node.$1"
  (
    cd /
    trap - ERR EXIT TERM
    exec env -u KEELSON_JOB -u KEELSON_LOCK NODE_NAME="${NODE_NAME:-}" ROLE="$ROLE" bash "$hook"
  ) </dev/null >"$log" 2>&1 &
  child=$!
  (
    sleep "$HOOK_SECONDS"
    : >"$log.late"
    kill -TERM "$child"
    sleep 5
    kill -KILL "$child"
  ) >/dev/null 2>&1 &
  watchdog=$!
  wait "$child" || status=$?
  # What either of them has left running ends with the job.
  kill -TERM "$watchdog" 2>/dev/null || true
  say "$(tail -n 20 "$log")"
  if [ -e "$log.late" ]; then
    fail HookTimedOut "node.$1 was ended after $HOOK_SECONDS s: $(last_line "$log")" 'let it do less, or give it more time in node.timeout'
  fi
  [ "$status" -eq 0 ] ||
    fail HookFailed "node.$1 ended with $status: $(last_line "$log")" "correct node.$1 in the document; it runs again"
  : >"$hook.done"
}

last_line() { awk 'NF { last = $0 } END { print substr(last, 1, 200) }' "$1"; }
