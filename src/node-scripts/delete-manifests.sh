#!/usr/bin/env bash
# Deletes what manifests have made that the document no longer has: K3s deletes nothing when a file goes. [docs: K3s, packaged components]
# Comes after all servers have put the files aside. Run twice, the second finds nothing to do.
# Variables: MANIFESTS_GONE (names, separated by spaces)
# Result: deleted=<n>, left=<names of which this server has no copy>

await_api 20
deleted=0
left=
for name in $MANIFESTS_GONE; do
  file=$STATE_DIR/files/removed/$name.yaml
  if [ ! -s "$file" ]; then
    left=${left:+$left,}$name
    continue
  fi
  waiting "the resources of $name to be deleted"
  # Kinds that another manifest has defined may be gone already.
  answer=$(kubectl delete --ignore-not-found --wait=false --request-timeout=30s -f "$file" 2>&1) || case $answer in
    *'no matches for kind'*) ;;
    *)
      say "$answer"
      fail ManifestNotDeleted "resources of manifest $name are not deleted: $(tail -n 1 <<<"$answer")" 'check the resources, and who holds them'
      ;;
  esac
  say "$answer"
  # K3s's own record of the file. [k3s source: pkg/deploy, AddOn]
  kubectl delete --ignore-not-found --wait=false --request-timeout=30s -n kube-system "addons.k3s.cattle.io/keelson-$name"
  rm -f "$file"
  deleted=$((deleted + 1))
done
result deleted "$deleted"
[ -z "$left" ] || result left "$left"
