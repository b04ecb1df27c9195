#!/usr/bin/env bash
# Labels and taints of nodes: what the document sets, compared with what they have.
# Variables: NODE_LABELS (lines `<node> label|unlabel <key>=<value>` and `<node> taint|untaint <key>=<value>:<Effect>`)

# One line a node: its name, then ` L:key=value ` for each label and ` T:key=value:Effect ` for each taint. The API server takes no label, taint or
# name with a space or a newline in it, so that a node cannot forge the line of another.
labels_table() {
  # shellcheck disable=SC2016 # the dollars are the template's own
  ask nodes -o 'go-template={{range .items}}{{.metadata.name}} {{range $key, $value := .metadata.labels}} L:{{$key}}={{$value}} {{end}}{{range .spec.taints}} T:{{.key}}={{if .value}}{{.value}}{{end}}:{{.effect}} {{end}}{{"\n"}}{{end}}'
}

# Those lines of NODE_LABELS that are not so yet. What is to go goes only with the value that it was given: another one is another's.
label_differences() {
  local table
  table=$(labels_table) || return 1
  TABLE=$table awk '
    BEGIN {
      count = split(ENVIRON["TABLE"], rows, "\n")
      for (i = 1; i <= count; i++) { name = rows[i]; sub(/ .*/, "", name); has[name] = rows[i] }
    }
    NF == 3 && ($1 in has) {
      mark = ($2 ~ /taint$/ ? " T:" : " L:") $3 " "
      there = index(has[$1], mark) > 0
      if ($2 ~ /^un/ ? there : !there) print
    }' <<<"$NODE_LABELS"
}

# report_differences: differs.<node>=<verb what>,... of at most fifty nodes.
report_differences() {
  local lines name what
  lines=$(label_differences) || return 0
  result labels compared
  awk '{ if (!($1 in at)) { order[++n] = $1 } at[$1] = at[$1] (at[$1] == "" ? "" : ",") $2 " " $3 }
    END { for (i = 1; i <= n && i <= 50; i++) print order[i], at[order[i]] }' <<<"$lines" |
    while read -r name what; do [ -z "$name" ] || result "differs.$name" "$what"; done
}
