#!/usr/bin/env bash
# The life of a cluster from the shell: create, wait, scale a pool, attach a network interface, list, delete.
# It stops at the first error and ends with that command's exit code. `cluster.yaml` is a request that you fill in:
#     cds-eks clusters create --skeleton yaml > cluster.yaml && cds-eks validate -f cluster.yaml
set -euo pipefail
request=${1:?usage: cluster.sh REQUEST SUBNET_ID}
subnet=${2:?usage: cluster.sh REQUEST SUBNET_ID}
cluster=$(cds-eks clusters create -f "$request" --wait --timeout 45m --quiet)
trap 'echo "stopped; cluster $cluster is still there" >&2' ERR

pool=$(cds-eks node-pools list --cluster-id "$cluster" --quiet)
cds-eks node-pools scale "$cluster" "$pool" 4 --wait --timeout 30m

machine=$(cds-eks nodes list "$cluster" --node-type worker --limit 1 --quiet)
card=$(cds-eks network-interfaces create "$subnet" --netcard-name eth-of-mine --wait --quiet)
cds-eks network-interfaces attach "$machine" "$card" --wait
cds-eks network-interfaces describe "$card" -o csv
cds-eks nodes list "$cluster" --page-all -o csv > nodes.csv

cds-eks network-interfaces detach "$machine" "$card" --wait
cds-eks network-interfaces delete "$card" --yes --wait
cds-eks clusters delete "$cluster" --yes --wait --timeout 30m
