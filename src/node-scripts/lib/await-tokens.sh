#!/usr/bin/env bash
# Waits for the tokens of a first server that is still being founded. It stores its own token first, and the agent token when its unit is active.
# shellcheck disable=SC2154 # variables are set by the parts that are put before this one

# await_tokens SECONDS SINCE: those of this role, until the bucket has what is newer than SINCE, an HTTP date; older ones are of a server that is gone.
# Fails after SECONDS. Who has the server token asks for the other one alone, and has both as soon as that one comes.
await_tokens() {
  local until=$((SECONDS + $1)) folder
  folder=$(temporary_folder)
  rm -f "$folder/server-token"
  until newer_tokens "$folder" "$2"; do
    [ "$SECONDS" -lt "$until" ] || return 1
    waiting 'the first server to store its tokens'
    sleep "$POLL"
  done
  [ "$ROLE" = agent ] || put_token "$folder/server-token" server-token
  put_token "$folder/agent-token" agent-token
}

# newer_tokens FOLDER SINCE: succeeds once all that this role needs is in FOLDER.
newer_tokens() {
  [ "$ROLE" = agent ] || [ -s "$1/server-token" ] || newer_token TOKEN_GET "$1/server-token" "$2" || return 1
  newer_token AGENT_TOKEN_GET "$1/agent-token" "$2" || return 1
  [ "$ROLE" = server ] || return 0
  [ "$(token_ca "$1/server-token")" != "$(token_ca "$1/agent-token")" ] || return 0
  # Of a first server that did not come up, and stored no agent token.
  rm -f "$1/server-token"
  return 1
}

# newer_token URL-NAME FILE SINCE: curl looks at the date itself where the bucket does not. [curl(1): --time-cond]
newer_token() {
  rm -f "$2"
  url "$1"
  transfer "$url" --no-show-error --time-cond "$3" --output "$2"
  [ "$curl_exit" -eq 0 ] && [ -s "$2" ]
}
