#!/usr/bin/env bash
#
# Builds, starts, verifies and stops each peer: the contract's tutorial level, and a job that a create brought and the
# peer's own consumer has done. All of them use one MongoDB-wire store and one Redis, those of the benchmarks.
#
# usage: benchmarks/peers/check.sh [NAME…]
#   Without names, all of them. The jars must have been built: mvn -B -q package -DskipTests
#   Exit code 1 if a peer breaks a promise or does not start. A peer whose tools are missing is NOT RUN, with the reason.
#   PEERS_JAVA_HOME may name a JDK of 21 or newer for the JVM peers, WORKERS the processes of express-cluster.
#
set -euo pipefail
# Each process that is started here leads a group of its own, by which it is ended with all under it.
set -m
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
jar=$top/benchmarks/target/benchmarks.jar
demo=$top/reference-todo-app/target/todo-api-demo.jar
work=$(mktemp -d)
stores=
peer=
failed=0

fail() {
  echo "check: FAILED: $*" >&2
  exit 1
}
# Asks the group of process $1 to end, waits 15 s for its leader, and kills what is left of the group.
end() {
  # The shell would tell of each job that a signal ended.
  {
    kill -TERM -- "-$1" || return 0
    for _ in $(seq 150); do
      kill -0 "$1" || break
      sleep 0.1
    done
    kill -KILL -- "-$1" || true
    wait "$1" || true
  } 2> /dev/null
}
clean_up() {
  local code=$?
  trap - EXIT
  if [ -n "$peer" ]; then end "$peer"; fi
  if [ -n "$stores" ]; then
    # The stores end with their input; the Redis under them has a group of its own and is theirs to end.
    exec 7>&-
    wait "$stores" 2>/dev/null || true
  fi
  rm -rf "$work"
  exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

for needed in "$jar" "$demo"; do
  [ -f "$needed" ] || fail "there is no $needed: mvn -B -q package -DskipTests"
done

# The value of a key of a peer.json, which has each key on a line of its own.
text() { sed -n "s/^ *\"$2\": \"\(.*\)\",\{0,1\}\$/\1/p" "$here/$1/peer.json"; }
words() { sed -n "s/^ *\"$2\": \[\(.*\)\],\{0,1\}\$/\1/p" "$here/$1/peer.json" | grep -o '"[^"]*"' | tr -d '"'; }
settings() { sed -n 's/^ *"env": {\(.*\)},\{0,1\}$/\1/p' "$here/$1/peer.json" | grep -o '"[^"]*": "[^"]*"' | sed 's/"\([^"]*\)": "\([^"]*\)"/\1=\2/' || true; }

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
free_port() {
  local port
  while port=$((20000 + RANDOM % 10000)); listens "$port"; do :; done
  echo "$port"
}
# Sends one command to the Redis and prints the first line of its answer that is not the one to AUTH.
redis() {
  exec 4<>"/dev/tcp/127.0.0.1/$redis_port"
  printf 'AUTH %s\r\n%s\r\n' "$redis_password" "$*" >&4
  local line
  IFS= read -r line <&4
  IFS= read -r line <&4
  case $line in '$'[0-9]*) IFS= read -r line <&4 ;; esac
  exec 4>&-
  line=${line%$'\r'}
  echo "${line#:}"
}
jobs_open() {
  case $1 in
    bull) echo $(($(redis LLEN bull:notifications:wait) + $(redis LLEN bull:notifications:active))) ;;
    list) redis LLEN notifications:waiting ;;
  esac
}
jobs_done() {
  case $1 in
    bull) redis ZCARD bull:notifications:completed ;;
    list) redis GET notifications:done ;;
  esac
}

mkfifo "$work/input"
"$java" -Xmx512m -cp "$demo:$jar" io.github.scalingtoolkit.benchmarks.scale.StoresMain "$work/data" \
  < "$work/input" > "$work/stores.log" 2>&1 &
stores=$!
exec 7> "$work/input"
for _ in $(seq 600); do
  if grep -q '^stores ' "$work/stores.log"; then break; fi
  kill -0 "$stores" 2>/dev/null || { cat "$work/stores.log" >&2; fail "the stores ended by themselves"; }
  sleep 0.1
done
read -r _ mongo redis_url < <(grep '^stores ' "$work/stores.log") || fail "the stores did not start within 60 s"
redis_port=${redis_url##*:}
redis_password=${redis_url#redis://:}
redis_password=${redis_password%@*}

# Prints why a peer cannot be built or started here; nothing if it can.
missing() {
  local tool
  for tool in "$(words "$1" build | head -n 1)" "$(words "$1" start | head -n 1)"; do
    command -v "$tool" > /dev/null || { echo "$tool is not installed"; return; }
  done
  if words "$1" start | grep -q 'jvm\.sh$'; then
    (cd "$here/$1" && sh ../jvm.sh -version 2>&1 > /dev/null | grep 'needs 21') || true
  fi
}

check() {
  local name=$1 reason port log=$work/$1.log began=$SECONDS
  reason=$(missing "$name")
  if [ -n "$reason" ]; then
    echo "NOT RUN  $name: $reason"
    return
  fi
  mapfile -t build < <(words "$name" build)
  if ! (cd "$here/$name" && "${build[@]}") > "$work/$name-build.log" 2>&1; then
    tail -n 20 "$work/$name-build.log"
    echo "NOT RUN  $name: it cannot be built here: ${build[*]}"
    failed=1
    return
  fi
  echo "$name: built in $((SECONDS - began)) s"

  [ "$(redis FLUSHALL)" = +OK ] || fail "the Redis was not emptied"
  port=$(free_port)
  mapfile -t start < <(words "$name" start)
  mapfile -t added < <(settings "$name")
  (
    cd "$here/$name"
    exec env "${added[@]}" PORT="$port" MONGO_URI="${mongo%/*}/$name" REDIS_URL="$redis_url" \
      JWT_SECRET=signs-the-tokens-of-a-peer-and-nothing-else "${start[@]}"
  ) > "$log" 2>&1 7>&- &
  peer=$!
  for _ in $(seq 600); do
    if listens "$port" || ! kill -0 "$peer" 2>/dev/null; then break; fi
    sleep 0.1
  done
  if ! listens "$port"; then
    tail -n 20 "$log"
    echo "FAILED   $name: it does not listen on its port within 60 s"
    failed=1
  elif ! "$java" -jar "$jar" verify "http://127.0.0.1:$port" --level tutorial; then
    tail -n 20 "$log"
    echo "FAILED   $name: promises are broken"
    failed=1
  else
    local queue open=1 finished=
    queue=$(text "$name" queue)
    for _ in $(seq 100); do
      open=$(jobs_open "$queue")
      finished=$(jobs_done "$queue")
      if [ "$open" = 0 ] && [ "$finished" = 1 ]; then break; fi
      sleep 0.1
    done
    if [ "$open" = 0 ] && [ "$finished" = 1 ]; then
      echo "ok       $name: the tutorial's requests, and the job of its create is done; $((SECONDS - began)) s"
    else
      tail -n 20 "$log"
      echo "FAILED   $name: 10 s after one create, $open jobs are open and '$finished' done"
      failed=1
    fi
  fi
  end "$peer"
  peer=
}

names=("$@")
if [ ${#names[@]} = 0 ]; then
  for description in "$here"/*/peer.json; do names+=("$(basename "$(dirname "$description")")"); done
fi
for name in "${names[@]}"; do
  [ -f "$here/$name/peer.json" ] || fail "there is no peer '$name'"
  check "$name"
done
exit "$failed"
