#!/usr/bin/env bash
# What Kubernetes knows about its nodes, seen by the API server of this one. Changes nothing.
# Result: api=ok, voters=<n>, node.<name>=<Ready>,<EtcdIsVoter or ->,<kubelet version>,<schedulable>,<internal address>,<pressures>;
#         pressures are the conditions MemoryPressure, DiskPressure, PIDPressure that are True, joined by `+`, or `-` for none

await_api 20
report_nodes
