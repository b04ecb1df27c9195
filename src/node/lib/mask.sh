#!/usr/bin/env bash
# Takes secrets out of a job's log: presigned URLs, K3s tokens, and the value of every URL variable and token file we know.

# find_secrets: the files that hold values which must not be seen, in the array `secrets`: URL variables by line, and tokens.
find_secrets() {
  local file
  secrets=()
  for file in "$JOB"/secrets* "$R"/etc/rancher/k3s/*-token "$R"/var/lib/rancher/k3s/server/*token "$JOB"/tmp/token; do
    [ ! -r "$file" ] || secrets+=("$file")
  done
}

# mask: standard input to standard output. Short values are left: they would mask half of the text. Of a token in secure form
# the part after the CA's hash is one, too.
mask() {
  local secrets
  find_secrets
  awk '
    function keep(value) { if (length(value) >= 8) secret[++count] = value }
    mode == "secret" {
      sub(/^[A-Z0-9_]*=/, "")
      keep($0)
      if (sub(/^K10[^:]*::[^:]*:/, "")) keep($0)
      next
    }
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
    }' mode=secret ${secrets[@]+"${secrets[@]}"} mode=log -
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
