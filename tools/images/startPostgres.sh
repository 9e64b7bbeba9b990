# Makes the cluster on the first start, with the user, the password and the database that the environment names; then
# becomes the server.
set -eu
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}

if [ "$(id -u)" = 0 ]; then
  install -d -o postgres -g postgres -m 0700 "$PGDATA"
  exec setpriv --reuid postgres --regid postgres --init-groups /bin/sh "$0" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  : "${POSTGRES_PASSWORD:?a password for $user is needed}"
  password=$(mktemp)
  printf '%s' "$POSTGRES_PASSWORD" > "$password"
  initdb --username="$user" --pwfile="$password" --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 > /dev/null
  rm "$password"
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  # Nobody can connect from outside before all is made.
  pg_ctl --wait -o "-c listen_addresses=''" start > /dev/null
  [ "$database" = postgres ] || createdb --username="$user" "$database"
  pg_ctl --wait --mode=fast stop > /dev/null
fi

exec "$@" -c listen_addresses='*'
