#!/usr/bin/env bash
# Who a process is: its pid alone may be given to a stranger later, so its start and the machine's boot belong to it.
# Answers are left in variables, not printed: scripts that wait ask ten times a second, and each $(...) is a process.
# shellcheck disable=SC2034 # variables are read by the parts that are put behind this one

# find_boot: this boot in `this_boot`; "absent" where the kernel has none (macOS).
find_boot() {
  this_boot=absent
  { read -r this_boot <"${KEELSON_ROOT:-}/proc/sys/kernel/random/boot_id"; } 2>/dev/null || true
}

# find_start PID: in `its_start` something that differs for another process with the same pid; empty for none and for a zombie.
find_start() {
  local line='' fields
  its_start=
  if [ -r /proc/self/stat ]; then
    { IFS= read -r -d '' line <"/proc/$1/stat"; } 2>/dev/null || [ -n "$line" ] || return 0
    # The name in parentheses may hold anything; the state is the first field after it, the start the twentieth. [proc(5)]
    read -ra fields <<<"${line##*) }"
    case ${fields[0]} in Z* | X*) return 0 ;; esac
    its_start=${fields[19]}
  else
    line=$(ps -o stat=,lstart= -p "$1" 2>/dev/null) || return 0
    case $line in Z*) return 0 ;; esac
    its_start=$(printf '%s' "${line#* }" | tr -cd '0-9A-Za-z:')
  fi
}

# find_identity PID: `pid start boot` in `identity`.
find_identity() {
  find_boot
  find_start "$1"
  identity="$1 $its_start $this_boot"
}

# is_alive PID START BOOT
is_alive() {
  find_boot
  [ -n "$2" ] && [ "$3" = "$this_boot" ] && kill -0 "$1" 2>/dev/null || return 1
  find_start "$1"
  [ "$its_start" = "$2" ]
}

# is_alive_in FILE: the process whose identity the file holds.
is_alive_in() {
  local pid='' start='' boot=''
  { read -r pid start boot <"$1"; } 2>/dev/null || true
  is_alive "$pid" "$start" "$boot"
}
