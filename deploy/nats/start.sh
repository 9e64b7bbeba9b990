#!/bin/sh
# Starts nats-server with these flags, as Docker Compose does. Where NATS_MAX_FILE_STORE is empty, it is set by the rule of
# docs/durability.md: what the messages of the streams take, and nine tenths of what is free beyond a reserve of a tenth of
# the disk, at most 512 MB.
#
# Ends the server when one of its writes has failed and the disk has room again, since it takes no more until it is restarted.
# The restart is Docker's, and sets the limit anew.
set -eu
store=${NATS_STORE_DIR:-/data}

# Prints what is free on the disk and the reserve, in KB.
disk() {
  df -Pk "$store" | awk 'NR == 2 { reserve = int($2 / 10); print $4, (reserve < 524288 ? reserve : 524288) }'
}

# Prints max_file_store.
limit() {
  messages=$(find "$store" -name '*.blk' -exec du -k {} + | awk '{ kb += $1 } END { print kb + 0 }')
  disk | awk -v messages="$messages" '{
    room = $1 - $2
    limit = messages + (room > 0 ? int(room * 0.9) : room)
    print (limit > 0 ? limit : 1) "KB"
  }'
}

if [ -z "${NATS_MAX_FILE_STORE:-}" ]; then
  NATS_MAX_FILE_STORE=$(limit)
  export NATS_MAX_FILE_STORE
  echo "start.sh: the streams may take $NATS_MAX_FILE_STORE on the disk" >&2
fi

nats-server "$@" &
server=$!
trap 'kill -TERM "$server"' TERM INT
trap 'kill -HUP "$server"' HUP

# Whether the server says of one of its streams that a write has failed.
has_failed() {
  { printf 'GET /healthz HTTP/1.0\r\n\r\n'; sleep 1; } | nc -w 3 127.0.0.1 "${NATS_MONITOR_PORT:-8222}" 2>/dev/null | grep -q 'write error'
}

has_room() {
  disk | awk '{ exit !($1 >= $2) }'
}

seen=0
while kill -0 "$server" 2>/dev/null; do
  if has_failed && has_room; then seen=$((seen + 1)); else seen=0; fi
  if [ "$seen" -ge 2 ]; then
    echo 'start.sh: a write of nats-server has failed, and its disk has room again: it is restarted' >&2
    kill -TERM "$server"
    break
  fi
  sleep 2 &
  wait $! || true
done
wait "$server" || exit $?
