#!/usr/bin/env bash
# Presigned URLs, which live for minutes: the worker seals new ones to the node while the job runs.
# Variables: URLS (the names that the job gets)
# shellcheck disable=SC2154 # variables are set by the parts that are put before this one

# So long is the worker waited for. It may have died; then another one goes on after seconds.
URLS_PATIENCE=180
# So long while another job waits for this one: the worker may have sent it because it has given this one up.
SHORT_PATIENCE=20
url_headers=()

has_url() { [[ " ${URLS:-} " == *" $1 "* ]]; }

# url NAME: the newest URL of that name in the variable `url`, and in the array `url_headers` what its request must have.
url() {
  local line patience since=$SECONDS
  has_url "$1" || fail UrlsMissing "the job has no URL $1" 'report it as a defect'
  until [ -s "$KEELSON_JOB/sealed" ]; do
    patience=$URLS_PATIENCE
    if is_waited_for; then patience=$SHORT_PATIENCE; fi
    [ $((SECONDS - since)) -lt "$patience" ] || fail UrlsMissing 'the worker has sent no URLs' 'see whether a worker runs'
    waiting 'the worker to send the URLs'
    sleep "$POLL"
  done
  open_urls
  url=''
  while IFS= read -r line; do
    case $line in
      "$1="*)
        url=${line#*=}
        url_headers=()
        ;;
      "${1}_HEADER="*) url_headers+=("${line#*=}") ;;
    esac
  done <"$KEELSON_JOB/secrets"
  [ -n "$url" ] || fail UrlsMissing "the worker has sent no URL $1" 'report it as a defect'
}

# open_urls: `secrets` holds what was sealed last, and what came before it, for the log's masking.
open_urls() {
  local folder status=0
  [ ! -s "$KEELSON_JOB/secrets" ] || [ "$KEELSON_JOB/sealed" -nt "$KEELSON_JOB/secrets" ] || return 0
  folder=$(temporary_folder)
  cp -p "$KEELSON_JOB/sealed" "$folder/sealed"
  unseal "$folder/sealed" "${KEELSON_JOB##*/}" "$folder" >"$folder/urls" || status=$?
  case $status in
    0) ;;
    3) fail NodeKeyChanged "this node's key is not the one that Keelson has recorded" 'find out who has replaced its disk; then replace the node' ;;
    *) fail UrlsUnreadable 'the URLs cannot be opened with the key of this node' 'see whether openssl works on the node' ;;
  esac
  { [ ! -e "$KEELSON_JOB/secrets" ] || cat "$KEELSON_JOB/secrets"; cat "$folder/urls"; } >"$folder/secrets"
  # As old as what it was opened from: what arrives meanwhile is newer.
  touch -r "$folder/sealed" "$folder/secrets"
  rm -f "$folder/urls" "$folder/pass"
  mv -f "$folder/secrets" "$KEELSON_JOB/secrets"
}

# await_newer_url: where the last transfer was refused and the URL is older than a minute, waits for the next one. Fails otherwise.
await_newer_url() {
  local until=$((SECONDS + URLS_PATIENCE))
  case $http_status in 401 | 403 | 412) ;; *) return 1 ;; esac
  [ -n "$(find "$KEELSON_JOB/sealed" -mmin +1 2>/dev/null)" ] || return 1
  until [ "$KEELSON_JOB/sealed" -nt "$KEELSON_JOB/secrets" ]; do
    [ "$SECONDS" -lt "$until" ] || return 1
    waiting 'the worker to send newer URLs'
    sleep "$POLL"
  done
}

# get_object NAME FILE [CURL OPTIONS...]: see transfer for the outcome.
get_object() {
  local name=$1 file=$2
  shift 2
  url "$name"
  download "$url" "$file" "$@" || { await_newer_url && url "$name" && download "$url" "$file" "$@"; }
}

# put_object FILE NAME: see transfer for the outcome.
put_object() {
  url "$2"
  upload "$1" "$url" ${url_headers[@]+"${url_headers[@]}"} || { await_newer_url && url "$2" && upload "$1" "$url" ${url_headers[@]+"${url_headers[@]}"}; }
}
