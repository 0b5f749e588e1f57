#!/usr/bin/env bash
# Starts a process of Milvus that has an address on each of two networks, and has it tell its peers the
# one on the cluster's own: by itself it takes the first that it finds. That is the address from which
# the kernel would send to etcd.
set -eu

# Sends nothing: the kernel chooses an address when such a socket is opened.
address_towards() {
  local local_address remote_address state hex _
  exec 3<>"/dev/udp/$1/$2" || return 1
  while read -r _ local_address remote_address state _; do
    if [[ $state == 01 && $remote_address == *:"$(printf '%04X' "$2")" ]]; then
      hex=${local_address%:*}
      printf '%d.%d.%d.%d' "0x${hex:6:2}" "0x${hex:4:2}" "0x${hex:2:2}" "0x${hex:0:2}"
      return 0
    fi
  done </proc/net/udp
  return 1
}

for _ in {1..60}; do
  for endpoint in {{ etcd_endpoints|join(" ") }}; do
    if address=$(address_towards "${endpoint%:*}" "${endpoint##*:}" 2>/dev/null); then
      # Whichever of them the process is; a setting of another is read by nobody.
      for part in PROXY ROOTCOORD DATACOORD QUERYCOORD INDEXCOORD MIXCOORD STREAMINGCOORD \
        QUERYNODE DATANODE INDEXNODE STREAMINGNODE; do
        export "${part}_IP=$address"
      done
      exec "$@"
    fi
  done
  sleep 1
done
echo "no member of etcd is found by its name, and so not the address that peers reach this task at" >&2
exit 1
