#!/bin/sh
# Makes a Temporal service ready for Keelson: the namespace, and the search attributes that `keelson list` and the Web UI
# use. Run it once per namespace; again does no harm.
# Needs: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE (and whatever else `temporal` reads to reach the service)
set -eu
: "${TEMPORAL_NAMESPACE:=default}"
export TEMPORAL_NAMESPACE

# patiently COMMAND...: prints its output once it succeeds; gives up after a minute, with the last error.
patiently() {
  attempt=1
  until output=$("$@" 2>&1); do
    if [ "$attempt" -ge 30 ]; then
      printf 'gave up after %s tries: %s\n%s\n' "$attempt" "$*" "$output" >&2
      return 1
    fi
    attempt=$((attempt + 1))
    sleep 2
  done
  printf '%s\n' "$output"
}

patiently temporal operator cluster health >/dev/null
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 30d

# Not all parts of the server know a new namespace at once.
known=$(patiently temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE")
for name in K3sPhase K3sRegion K3sVersion K3sHealth K3sAccount; do
  case $known in
    *"$name"*) ;;
    *)
      patiently temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type Keyword
      ;;
  esac
done
echo "namespace $TEMPORAL_NAMESPACE is ready for Keelson"
