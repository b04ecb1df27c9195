#!/usr/bin/env bash
# Sends a snapshot that `backup` has kept to the bucket, part by part. One part lies beside it meanwhile: a PUT wants a file of known length.
# Variables: BACKUP SIZE PART_BYTES PARTS; URLs PART_1, PART_2, ...
# Result: part.<number>=<its ETag>
# shellcheck disable=SC2154 # variables are set by the parts that are put before this one

file=$STATE_DIR/backup/$BACKUP
part=$(temporary_folder)/part
headers=$(temporary_folder)/headers

send_part() {
  url "PART_$1"
  transfer "$url" --upload-file "$part" --output /dev/null --dump-header "$headers"
  return "$curl_exit"
}

# etag_sent: of several answers the last one counts. Names of headers have no case. [RFC 9110]
etag_sent() {
  tr -d '\r' <"$headers" | sed -n 's/^[Ee][Tt][Aa][Gg]: *"\([^"]*\)"$/\1/p' | tail -n 1
}

[ "$(wc -c <"$file" 2>/dev/null | tr -d ' ')" = "$SIZE" ] ||
  fail SnapshotGone 'the snapshot is not on this server any more' 'take another backup'
for ((number = 1; number <= PARTS; number++)); do
  # Who reads to the end of the part alone breaks the pipe.
  tail -c "+$(((number - 1) * PART_BYTES + 1))" "$file" | head -c "$PART_BYTES" >"$part" || [ "${PIPESTATUS[1]}" = 0 ] ||
    fail DiskFull 'a part of the snapshot cannot be written' 'free space on the root volume or make it larger'
  send_part "$number" || { await_newer_url && send_part "$number"; } ||
    transfer_failed "storing part $number of the snapshot in the bucket" Bucket UploadGone 'take another backup'
  etag=$(etag_sent)
  [ -n "$etag" ] || fail BucketRefused "the bucket has taken part $number and named no ETag" 'check what stands between node and S3'
  result "part.$number" "$etag"
done
rm -f "$file"
say "the snapshot is stored in $PARTS parts"
