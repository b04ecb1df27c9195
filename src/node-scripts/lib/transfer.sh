#!/usr/bin/env bash
# Files over HTTP. URLs go to curl by its standard input: presigned ones are secrets, and a process list is public.

curl_exit=0
http_status=000

# transfer URL [CURL OPTIONS...]: one request; sets curl_exit and http_status (000 without an answer). Never fails itself.
transfer() {
  local url=$1 redirects
  shift
  url=${url//\\/\\\\}
  url=${url//\"/\\\"}
  curl_exit=0
  # A redirect from https to http is refused: an attacker on the way could replace the file.
  case $url in https:*) redirects='=https' ;; *) redirects='=http,https' ;; esac
  # --globoff: brackets of an IPv6 address are not a pattern. --retry covers 408, 429, 5xx and time-outs. [curl(1)]
  http_status=$(
    printf 'url = "%s"\n' "$url" |
      curl --config - --fail --silent --show-error --globoff --proto '=http,https' --proto-redir "$redirects" --connect-timeout 10 \
        --retry 4 --retry-connrefused --write-out '%{http_code}' "$@"
  ) || curl_exit=$?
}

# download URL FILE [CURL OPTIONS...]: a transfer that is cut in the middle is tried again; see transfer for the outcome.
download() {
  local attempt url=$1 file=$2
  shift 2
  for attempt in 1 2 3; do
    transfer "$url" --location --output "$file" "$@"
    case $curl_exit in
      18 | 52 | 55 | 56 | 92) say "transfer was cut (curl $curl_exit), attempt $attempt of 3" ;;
      *) break ;;
    esac
  done
  return "$curl_exit"
}

# upload FILE URL [HEADER...]: with its length, for a presigned PUT refuses a chunked body. [docs: S3 PutObject]
upload() {
  local file=$1 url=$2 header options=()
  shift 2
  for header in "$@"; do options+=(--header "$header"); done
  transfer "$url" ${options[@]+"${options[@]}"} --upload-file "$file" --output /dev/null
  return "$curl_exit"
}

# transfer_failed WHAT PLACE MISSING DO: fails for the last transfer; PLACE (Mirror, Bucket) begins the code, MISSING is the code of a 404.
transfer_failed() {
  case $curl_exit/$http_status in
    22/412) fail "${2}Changed" "$1: someone has stored it meanwhile (HTTP 412)" 'it is stored again by the next try' ;;
    22/404) fail "$3" "$1: not there (HTTP 404)" "$4" ;;
    22/507) fail "$2Full" "$1: it is full (HTTP 507)" 'free space in it' ;;
    22/*) fail "$2Refused" "$1: HTTP $http_status" 'a 403 is an expired URL or a missing permission; run it again' ;;
    23/*) fail DiskFull "$1: cannot be written" 'free space on the root volume or make it larger' ;;
    # curl is not there at all, or cannot be run. [bash: exit status]
    126/* | 127/*) fail ToolMissing "$1: there is no curl on this image" 'use an image with bash, curl, openssl, systemd and the SSM agent' ;;
    60/* | 77/* | 51/* | 58/* | 83/* | 90/* | 91/*) fail CertificateUntrusted "$1: $(curl_reason "$curl_exit") (curl $curl_exit)" 'a proxy that inspects TLS needs its CA in the image, and the clock has to be right' ;;
    *) fail "$2Unreachable" "$1: $(curl_reason "$curl_exit") (curl $curl_exit)" "$(curl_remedy "$curl_exit")" ;;
  esac
}

# curl_reason EXIT: what an exit code of curl means. [curl(1), EXIT CODES]
curl_reason() {
  case $1 in
    5) printf 'the name of the proxy is not known to DNS' ;;
    6) printf 'the host name is not known to DNS' ;;
    7) printf 'the connection was refused, or there is no route' ;;
    28) printf 'no answer in time' ;;
    35) printf 'the TLS handshake failed' ;;
    47) printf 'too many redirects' ;;
    51 | 83 | 90 | 91) printf 'the certificate is not of this host' ;;
    52 | 56) printf 'the connection was cut' ;;
    58) printf 'the client certificate cannot be used' ;;
    60) printf 'the certificate is signed by a CA that this image does not know' ;;
    77) printf 'the image has no CA certificates that curl can read' ;;
    97) printf 'the handshake with the proxy failed' ;;
    *) printf 'no answer' ;;
  esac
}

curl_remedy() {
  case $1 in
    5 | 97) printf 'check the proxy settings of the node' ;;
    6) printf 'check the DNS of the VPC (enableDnsSupport, DHCP options) and the name' ;;
    7) printf 'check whether something listens there, the route, and what rejects connections' ;;
    28) printf 'check the route (internet or NAT gateway, endpoint), network ACLs and security groups: they drop without an answer' ;;
    *) printf 'check the route, DNS, proxy and security groups of the node' ;;
  esac
}

sha256_of() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}
