#!/usr/bin/env bash
#
# Makes the secrets of compose.yaml, each in a file of its own; what is there already stays as it is.
#
# usage: secrets.sh [directory]
#   Without one it is `secrets` beside this script, which git ignores. Each file is readable to all, because containers
#   read it as users of their own, but the directory is closed to everybody else.
#
set -euo pipefail
export LC_ALL=C

directory=${1:-$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/secrets}
mkdir -p "$directory"
chmod 700 "$directory"
cd "$directory"

keep() { # name, value
  if [ ! -s "$1" ]; then printf '%s\n' "$2" > "$1"; fi
  chmod 444 "$1"
}
random() { head -c "$1" /dev/urandom | base64 | tr -d '\n' | tr '+/' '-_'; } # of a multiple of 3 bytes: fit for a URI

keep jwt-secret "$(random 48)"
keep user-password "$(random 12)"
keep mongodb-root-password "$(random 24)"
keep mongodb-password "$(random 24)"
keep mongodb-keyfile "$(head -c 96 /dev/urandom | base64 | tr -d '\n')"
keep redis-password "$(random 24)"
keep grafana-password "$(random 12)"
keep mongo-uri "mongodb://todo:$(cat mongodb-password)@mongodb:27017/todoapp?replicaSet=rs0"
keep redis-url "redis://:$(cat redis-password)@redis:6379"
