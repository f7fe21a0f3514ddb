#!/bin/sh
# Makes or upgrades Temporal's two databases. Safe to run again: what exists and is up to date is left alone.
set -eu

sql() {
  database=$1
  shift
  temporal-sql-tool --plugin postgres12 --endpoint "$POSTGRES_SEEDS" --port "$DB_PORT" \
    --user "$POSTGRES_USER" --database "$database" "$@"
}

prepare() {
  sql "$1" create-database
  sql "$1" setup-schema --version 0.0
  sql "$1" update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$2/versioned"
}

prepare "$DBNAME" temporal
prepare "$VISIBILITY_DBNAME" visibility
