#!/usr/bin/env bash
# Takes secrets out of a job's log: presigned URLs, K3s tokens, and the value of every URL variable and token file we know.

# Values that must not be seen, one a line.
known_secrets() {
  cat "$JOB"/secrets* 2>/dev/null | sed 's/^[A-Z0-9_]*=//'
  cat "$R"/etc/rancher/k3s/*-token "$R"/var/lib/rancher/k3s/server/*token "$JOB"/tmp/token 2>/dev/null |
    awk '{ print; if (sub(/^K10[^:]*::[^:]*:/, "")) print }'
}

# mask: standard input to standard output. Short values are left: they would mask half of the text.
mask() {
  awk '
    mode == "secret" { if (length($0) >= 8) secret[++count] = $0; next }
    {
      for (i = 1; i <= count; i++) {
        rest = $0
        $0 = ""
        while ((at = index(rest, secret[i])) > 0) {
          $0 = $0 substr(rest, 1, at - 1) "<masked>"
          rest = substr(rest, at + length(secret[i]))
        }
        $0 = $0 rest
      }
      gsub(/K10[0-9a-f]+::[a-z]+:[^ "]+/, "<masked>")
      gsub(/https?:[^ "]*X-Amz-[^ "]*/, "<masked>")
      gsub(/client-key-data: *[^ "]+/, "client-key-data: <masked>")
      print
    }' mode=secret <(known_secrets) mode=log -
}

# mask_log: the log of the job, in place; without space for a second one at least its end, over the old one.
mask_log() {
  local last
  [ -e "$JOB/log" ] || return 0
  if mask <"$JOB/log" >"$JOB/log.$$"; then
    mv -f "$JOB/log.$$" "$JOB/log"
  else
    rm -f "$JOB/log.$$"
    last=$(log_tail 10000)
    printf '%s\n' "$last" >"$JOB/log"
  fi
}

# log_tail SIZE: the last lines, masked before they are cut, so that no half of a secret is left over.
log_tail() {
  [ ! -e "$JOB/log" ] || tail -c 100000 "$JOB/log" | mask | tail -n 60 | tail -c "$1"
}
