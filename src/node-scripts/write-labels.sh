#!/usr/bin/env bash
# Labels and taints into this node's configuration, for its next start: K3s merges labels whenever it starts, and one that is gone from the
# document must not come back. Restarts nothing.
# Variables: LABELS TAINTS (lines of config.yaml; empty for none)
# Result: written=true|false
# shellcheck disable=SC2154 # variables are set by the parts that are put before this one

file=$K3S_ETC/config.yaml
[ -e "$file" ] || { result written false; exit 0; }
{ grep -v '^node-\(label\|taint\)+\{0,1\}:' "$file" || true; } >"$(temporary_folder)/config"
for line in "$LABELS" "$TAINTS"; do [ -z "$line" ] || printf '%s\n' "$line" >>"$(temporary_folder)/config"; done
put_file "$file" 600 <"$(temporary_folder)/config"
sha256_of "$file" >"$STATE_DIR/config-sum"
result written true
