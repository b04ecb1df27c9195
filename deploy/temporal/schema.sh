#!/bin/sh
# Creates or upgrades Temporal's two PostgreSQL schemas with the tool of the server's own version. An existing database and
# a schema that is up to date are left alone.
# Needs: SQL_HOST SQL_USER SQL_PASSWORD (the tool reads the password from there)
set -eu

[ -n "${SQL_PASSWORD:-}" ] || {
  echo 'POSTGRES_PASSWORD is not set: make .env of .env.example, as its first lines say' >&2
  exit 1
}

sql() {
  database=$1
  shift
  temporal-sql-tool --plugin postgres12 --ep "$SQL_HOST" -p 5432 -u "$SQL_USER" --db "$database" "$@"
}

prepare() {
  echo "schema of $1"
  sql "$1" create
  sql "$1" setup-schema -v 0.0
  sql "$1" update-schema -d "/etc/temporal/schema/postgresql/v12/$2/versioned"
}

prepare temporal temporal
prepare temporal_visibility visibility
