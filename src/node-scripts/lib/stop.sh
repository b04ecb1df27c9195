#!/usr/bin/env bash
# Ends the K3s service.

# stop_service UNIT: gracefully, which hands etcd's leadership over. A unit that is not there is stopped.
stop_service() {
  case $(service_state "$1") in
    inactive | unknown) say "$1 is stopped" ;;
    *)
      say "stopping $1"
      systemctl stop "$1"
      ;;
  esac
}
