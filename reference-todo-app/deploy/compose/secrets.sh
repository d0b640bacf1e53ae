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
# The mail service of compose.yaml, which only shows what it gets. Put the URL of your own there.
keep smtp-url "smtp://mail:1025?from=todo@example.com&to=todo@example.com"
# For this machine alone; clients must be told to trust it. Put your own there, as PEM, under the same names.
if [ ! -s tls-certificate ] || [ ! -s tls-key ]; then
  command -v openssl > /dev/null || { echo "secrets: there is no openssl to make $directory/tls-certificate and tls-key with" >&2; exit 1; }
  openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
    -keyout tls-key -out tls-certificate 2> /dev/null
fi
chmod 444 tls-certificate tls-key
