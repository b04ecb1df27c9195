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

# mask: standard input to standard output, line by line. Values that are known count in any case, in base64 too, and where they were broken over two
# lines; then what looks like a secret. Short values are left: they would mask half of the text. Of a token in secure form the part after the CA's
# hash is one, too.
mask() {
  local secrets
  find_secrets
  awk '
    function keep(value) { if (length(value) >= 8) secret[++count] = tolower(value) }
    function masked(line, value,    low, at, out) {
      low = tolower(line)
      while ((at = index(low, value)) > 0) {
        out = out substr(line, 1, at - 1) "<masked>"
        line = substr(line, at + length(value))
        low = substr(low, at + length(value))
      }
      return out line
    }
    # The rest of a value behind a name, whatever the case of the name.
    function field(line, name,    at, out, low) {
      low = tolower(line)
      while (match(low, name)) {
        out = out substr(line, 1, RSTART + RLENGTH - 1) "<masked>"
        line = substr(line, RSTART + RLENGTH)
        sub(/^[^ "\047,;&\\}]*/, "", line)
        low = tolower(line)
      }
      return out line
    }
    # Where a line ends with the beginning of a value, or begins with its end, at least eight characters of it.
    function torn(line, value,    low, n, size) {
      low = tolower(line)
      size = length(line)
      if (index(low, substr(value, 1, 8)))
        for (n = length(value) - 1; n >= 8; n--)
          if (n <= size && substr(low, size - n + 1) == substr(value, 1, n)) { line = substr(line, 1, size - n) "<masked>"; break }
      low = tolower(line)
      if (index(value, substr(low, 1, 8)))
        for (n = length(value) - 1; n >= 8; n--)
          if (substr(low, 1, n) == substr(value, length(value) - n + 1)) { line = "<masked>" substr(line, n + 1); break }
      return line
    }
    # A text in base64, without the end that depends on what follows. Here and not by base64: a process for each value costs more than all else.
    function encoded(text,    at, bits, n, out) {
      for (at = 1; at <= length(text); at++) {
        bits = bits * 256 + code[substr(text, at, 1)]
        for (n += 8; n >= 6; bits %= 2 ^ n) { n -= 6; out = out substr(digits, int(bits / 2 ^ n) + 1, 1) }
      }
      return out
    }
    BEGIN {
      digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
      for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i
    }
    mode == "secret" {
      whole[++lines] = substr($0, index($0, "=") + 1)
      sub(/^[A-Z0-9_]*=/, "")
      keep($0)
      if (sub(/^K10[^:]*::[^:]*:/, "")) keep($0)
      next
    }
    {
      while (known < lines) keep(encoded(whole[++known]))
      for (i = 1; i <= count; i++) $0 = torn(masked($0, secret[i]), secret[i])
      if ($0 ~ /-----BEGIN [A-Z0-9 ]*PRIVATE KEY/) { inside = ($0 !~ /-----END /); print "<masked>"; next }
      # A key that was cut has no end: it ends with its lines.
      if (inside && $0 ~ /^ *[A-Za-z0-9+\/=]+ *$/) next
      if (inside) { inside = 0; if ($0 ~ /-----END /) next }
      gsub(/[Kk]10[0-9A-Fa-f]+::[A-Za-z]+:[^ "]+/, "<masked>")
      gsub(/[Hh][Tt][Tt][Pp][Ss]?:[^ "]*[Xx]-[Aa][Mm][Zz]-[^ "]*/, "<masked>")
      $0 = field($0, "(client-key-data|x-amz-(signature|credential|security-token)|secret_?access_?key|session_?token)[\"\\\\]*[ ]*[=:][ ]*[\"\\\\]*")
      $0 = field($0, "authorization[\"\\\\]*[ ]*[=:][ ]*[\"\\\\]*(basic |bearer )?")
      $0 = field($0, "(basic|bearer) ")
      print
    }' mode=secret ${secrets[@]+"${secrets[@]}"} mode=log -
}

# mask_log: the log of the job, in place; without space for a second one at least its end, over the old one.
mask_log() {
  local last
  [ -s "$JOB/log" ] || return 0
  if mask <"$JOB/log" >"$JOB/log.$$"; then
    mv -f "$JOB/log.$$" "$JOB/log"
  else
    rm -f "$JOB/log.$$"
    last=$(log_tail 10000)
    printf '%s\n' "$last" >"$JOB/log"
  fi
}

# log_tail SIZE: the last lines, masked before they are cut, so that no half of a secret is left over: a line that was cut at its beginning is left out.
log_tail() {
  [ -s "$JOB/log" ] || return 0
  if [ "$(wc -c <"$JOB/log")" -gt 100000 ]; then
    tail -c 100000 "$JOB/log" | sed 1d | mask
  else
    mask <"$JOB/log"
  fi | tail -n 60 | tail -c "$1"
}
