#!/usr/bin/env bash
# How long this node's certificates live. K3s renews them at a start with 120 days or less left. [docs: cli/certificate]
# Result: checked=<n>, not-ok=<n>, earliest=<YYYY-MM-DDTHH:MMZ>

table=$("$R/usr/local/bin/k3s" certificate check --output table 2>&1) ||
  fail CertificateCheckFailed "k3s certificate check failed: $(tail -n 1 <<<"$table")" 'is K3s installed and was it started once?'
# Columns are set apart by spaces, and values hold some; the date is found by its form, `Jan 02, 2006 15:04 UTC`.
rows=$(awk '
  BEGIN { split("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", names, " "); for (i in names) month[names[i]] = i }
  match($0, /[A-Z][a-z][a-z] [0-9][0-9], [0-9][0-9][0-9][0-9] [0-9][0-9]:[0-9][0-9]/) {
    split(substr($0, RSTART, RLENGTH), date, /[ ,]+/)
    printf "%s-%02d-%sT%sZ %s\n", date[3], month[date[1]], date[2], date[4], ($NF == "OK" ? "ok" : "not-ok")
  }' <<<"$table")
[ -n "$rows" ] || fail CertificateCheckFailed 'k3s certificate check lists no certificate' 'is the K3s version supported?'
printf '%s\n' "$table" | tail -n 40
result checked "$(wc -l <<<"$rows" | tr -d ' ')"
result not-ok "$(awk '$2 == "not-ok"' <<<"$rows" | wc -l | tr -d ' ')"
result earliest "$(sort <<<"$rows" | awk 'NR == 1 { print $1 }')"
