#!/usr/bin/env bash
# Stops K3s gracefully, then the containers that it leaves behind.
# Variables: ROLE
# Result: stopped=true
# shellcheck disable=SC2034 # variables are read by the parts that are put before this one

unit=$(unit_of "$ROLE")
watched_unit=$unit
stop_service "$unit"
stop_containers 10
result stopped true
