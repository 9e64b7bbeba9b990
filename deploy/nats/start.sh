#!/bin/sh
# Starts nats-server with these flags, as Docker Compose does. Where NATS_MAX_FILE_STORE is empty, it becomes what the
# streams have, and what is free on the disk, without a reserve: a tenth of the disk, at most 512 MB (docs/deploy.md).
#
# It ends the server when a write has failed and the disk has room again, since such a server takes no more until it is
# restarted; that is then up to Docker.
set -eu
store=/data

# Prints what is free on the disk and the reserve, in KB.
disk() {
  df -Pk "$store" | awk 'NR == 2 { reserve = int($2 / 10); print $4, reserve < 524288 ? reserve : 524288 }'
}

if [ -z "${NATS_MAX_FILE_STORE:-}" ]; then
  set -- "$(disk)" "$(du -sk "$store" | cut -f 1)" "$@"
  limit=$((${1% *} - ${1#* } + $2))
  shift 2
  NATS_MAX_FILE_STORE="$((limit > 1 ? limit : 1))KB"
  export NATS_MAX_FILE_STORE
fi

nats-server "$@" &
server=$!
trap 'kill -TERM "$server"' TERM INT
trap 'kill -HUP "$server"' HUP

# Whether the server says of one of its streams that a write has failed.
has_failed() {
  { printf 'GET /healthz HTTP/1.0\r\n\r\n'; sleep 1; } | nc -w 3 127.0.0.1 8222 2>/dev/null | grep -q 'write error'
}

has_room() {
  room=$(disk)
  [ "${room% *}" -ge "${room#* }" ]
}

seen=0
while kill -0 "$server" 2>/dev/null; do
  if has_failed && has_room; then seen=$((seen + 1)); else seen=0; fi
  if [ "$seen" -ge 2 ]; then
    echo "start.sh: a write of nats-server has failed, and its disk has room again: the server is restarted" >&2
    kill -TERM "$server"
    break
  fi
  sleep 2 &
  wait $! || true
done
wait "$server" || exit $?
