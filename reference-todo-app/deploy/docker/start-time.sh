#!/usr/bin/env bash
#
# Measures how long the image's files take from the start of their JVM to the first answer, with and without the AOT cache, in
# turn, before a Redis and a store on the MongoDB wire that run already. Prints the median of each, of wall and of CPU time.
#
# usage: start-time.sh [starts]   (10 of each by default; the image must have been built by Maven, on JDK 25 or newer)
#
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
target=$here/../../target
starts=${1:-10}
app=$target/image-root/app/app runtime=$target/image-root/runtime/opt/java
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
work=$(mktemp -d)
stores=() service=

clean_up() {
  for pid in $service "${stores[@]}"; do kill -9 "$pid" 2> /dev/null || true; done
  wait 2> /dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT

[ -f "$app/todo-api.aot" ] || { echo "start-time: there is no $app/todo-api.aot: build the image on JDK 25 or newer" >&2; exit 1; }
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    if ! (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; then echo "$port"; return; fi
  done
}
redis_port=$(free_port)
redis-server --bind 127.0.0.1 --port "$redis_port" --save "" --dir "$work" > "$work/redis.log" 2>&1 &
stores+=($!)
"$java" -cp "$target/todo-api-demo.jar" "$here/BootStores.java" "$work/mongo" ada of-the-measurement > "$work/mongo.log" 2>&1 &
stores+=($!)
for ((i = 0; i < 600; i++)); do if grep -q '^mongo ' "$work/mongo.log"; then break; fi; sleep 0.1; done
MONGO_URI=$(sed -n 's/^mongo //p' "$work/mongo.log")
[ -n "$MONGO_URI" ] || { echo "start-time: the store did not start" >&2; exit 1; }
export MONGO_URI REDIS_URL=redis://127.0.0.1:$redis_port JWT_SECRET=signs-nothing-but-tokens-of-this-measurement
export HOST=127.0.0.1 ADMIN_HOST=127.0.0.1 DATA_DIR=$work/data
grep -v AOTCache "$app/jvm.options" > "$work/jvm.options"

# start <name> <flag>: appends wall and CPU milliseconds to a file of that name
start() {
  local began ticks
  PORT=$(free_port) ADMIN_PORT=$(free_port)
  export PORT ADMIN_PORT
  began=$(date +%s%N)
  "$runtime/bin/java" "@$work/jvm.options" -XX:MaxRAM=512m "$2" -jar "$app/todo-api.jar" > "$work/service.log" 2>&1 &
  service=$!
  until { exec 3<> "/dev/tcp/127.0.0.1/$PORT"; } 2> /dev/null; do
    kill -0 "$service" 2> /dev/null || { cat "$work/service.log" >&2; exit 1; }
    sleep 0.005
  done
  printf 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n' >&3
  read -r answer <&3
  ticks=$(awk '{print $14 + $15}' "/proc/$service/stat")
  echo "$((($(date +%s%N) - began) / 1000000)) $((ticks * 1000 / $(getconf CLK_TCK)))" >> "$work/$1"
  exec 3>&-
  case $answer in *" 200 "*) ;; *) echo "start-time: the first answer was $answer" >&2; exit 1 ;; esac
  kill -TERM "$service"
  wait "$service" || { cat "$work/service.log" >&2; exit 1; }
  service=
}
median() { sort -n | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }

for ((i = 0; i < starts; i++)); do
  start without -XX:AOTMode=off
  start with "-XX:AOTCache=$app/todo-api.aot"
done
for column in 1 2; do
  without=$(cut -d' ' -f"$column" "$work/without" | median)
  with=$(cut -d' ' -f"$column" "$work/with" | median)
  awk -v what="$([ "$column" = 1 ] && echo "start to first answer" || echo "CPU until then")" -v n="$starts" \
    -v without="$without" -v with="$with" \
    'BEGIN {printf "%s, medians of %d: %.0f ms without the cache, %.0f ms with it: %.2f of it\n", what, n, without, with, with / without}'
done
