#!/usr/bin/env bash
# What K3s tells of this node's certificates.

certificate_table() { "$R/usr/local/bin/k3s" certificate check --output table 2>&1; }

# certificate_rows TABLE: `<YYYY-MM-DDTHH:MMZ> ok|not-ok <file>` for each certificate of a node or a client; ca_rows TABLE: the same for those that sign others,
# which K3s lists beside them with the usage CertSign, and which no start renews. [k3s source: pkg/cli/cert]
certificate_rows() { grep -v CertSign <<<"$1" | dated_rows; }
# After a rotation a file holds the old root beside the new one, and its authority lives as long as the later of them.
ca_rows() { grep CertSign <<<"$1" | dated_rows | sort -k 3,3 -k 1,1 | awk '{ latest[$3] = $0 } END { for (file in latest) print latest[file] }'; }

# Columns are set apart by spaces, and values hold some; the date is found by its form, `Jan 02, 2006 15:04 UTC`.
dated_rows() {
  awk '
    BEGIN { split("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", names, " "); for (i in names) month[names[i]] = i }
    match($0, /[A-Z][a-z][a-z] [0-9][0-9], [0-9][0-9][0-9][0-9] [0-9][0-9]:[0-9][0-9]/) {
      split(substr($0, RSTART, RLENGTH), date, /[ ,]+/)
      printf "%s-%02d-%sT%sZ %s %s\n", date[3], month[date[1]], date[2], date[4], ($NF == "OK" ? "ok" : "not-ok"), $1
    }'
}

# earliest_end ROWS: dates of this form are in order as texts.
earliest_end() { awk 'NR == 1 || $1 < earliest { earliest = $1 } END { print earliest }' <<<"$1"; }
