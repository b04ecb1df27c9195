#!/usr/bin/env bash
# How long this node's certificates live. K3s renews them at a start with 120 days or less left. [docs: cli/certificate]
# Result: checked=<n>, not-ok=<n>, earliest=<YYYY-MM-DDTHH:MMZ>

table=$(certificate_table) ||
  fail CertificateCheckFailed "k3s certificate check failed: $(tail -n 1 <<<"$table")" 'is K3s installed and was it started once?'
rows=$(certificate_rows "$table")
[ -n "$rows" ] || fail CertificateCheckFailed 'k3s certificate check lists no certificate' 'is the K3s version supported?'
printf '%s\n' "$table" | tail -n 40
result checked "$(wc -l <<<"$rows" | tr -d ' ')"
result not-ok "$(awk '$2 == "not-ok"' <<<"$rows" | wc -l | tr -d ' ')"
result earliest "$(earliest_end "$rows")"
