#!/usr/bin/env bash
# What Keelson has written on this node, by checksum: so that a change by hand is seen.

# note_written KIND: replaces what is known of a kind; stdin has lines `<name> <path>`, in the end one for each file that is there.
note_written() {
  local name path
  while read -r name path; do
    [ ! -e "$path" ] || printf '%s %s %s\n' "$(sha256_of "$path")" "$name" "$path"
  done | put_file "$STATE_DIR/written-$1" 600
}

# altered_files: names of files that are not as they were written, joined by commas; fails where nothing is known.
altered_files() {
  local sum name path altered=''
  [ -e "$STATE_DIR/written-config" ] || return 1
  while read -r sum name path; do
    [ "$(sha256_of "$path" 2>/dev/null)" = "$sum" ] || altered=${altered:+$altered,}$name
  done < <(cat "$STATE_DIR/written-config" "$STATE_DIR/written-files" 2>/dev/null)
  printf '%s' "$altered"
}
