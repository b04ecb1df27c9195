#!/usr/bin/env bash
# Who a process is: its pid alone may be given to a stranger later, so its start and the machine's boot belong to it.

# Of this boot; "absent" where the kernel has none (macOS).
boot_id() {
  local file=${KEELSON_ROOT:-}/proc/sys/kernel/random/boot_id
  if [ -r "$file" ]; then tr -d '\n' <"$file"; else printf absent; fi
}

# start_of PID: something that differs for another process with the same pid; empty for none and for a zombie.
start_of() {
  local line
  if [ -r /proc/self/stat ]; then
    line=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
    # The name in parentheses may hold anything; the state is the first field after it, the start the twentieth. [proc(5)]
    line=${line##*) }
    case $line in Z* | X*) return 0 ;; esac
    printf '%s' "$line" | cut -d ' ' -f 20
  else
    line=$(ps -o stat=,lstart= -p "$1" 2>/dev/null) || return 0
    case $line in Z*) return 0 ;; esac
    printf '%s' "${line#* }" | tr -cd '0-9A-Za-z:'
  fi
}

# identity_of PID: `pid start boot`.
identity_of() { printf '%s %s %s' "$1" "$(start_of "$1")" "$(boot_id)"; }

# is_alive PID START BOOT
is_alive() {
  [ -n "$2" ] && [ "$3" = "$(boot_id)" ] && kill -0 "$1" 2>/dev/null && [ "$(start_of "$1")" = "$2" ]
}

# is_alive_in FILE: the process whose identity the file holds.
is_alive_in() {
  local pid='' start='' boot=''
  { read -r pid start boot <"$1"; } 2>/dev/null || true
  is_alive "$pid" "$start" "$boot"
}
