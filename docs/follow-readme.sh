#!/usr/bin/env bash
#
# Follows README in a fresh clone of what is committed here, word for word: its `run`, then its `start`. Each must print
# its address and a line to log in by that works, answer README's `requests` and a browser, and end with 0 on Ctrl-C with
# no process left.
#
# usage: docs/follow-readme.sh
#   JAVA_HOME chooses the JDK. Ports are free ones; data goes to the clone, which is removed.
#
set -euo pipefail
export LC_ALL=C

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
app=

fail() {
  echo "follow-readme: FAILED: $*" >&2
  [ ! -f "$work/log" ] || tail -n 30 "$work/log" >&2
  exit 1
}

redis_pid() { cat "$work/clone/data/redis/redis.pid" 2>/dev/null; }

clean_up() {
  local code=$?
  trap - EXIT
  if [ -n "$app" ]; then kill -KILL -- "-$app" 2>/dev/null || true; fi
  if redis=$(redis_pid); then kill "$redis" 2>/dev/null || true; fi
  rm -rf "$work"
  exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

if ! git -C "$top" rev-parse -q --verify HEAD >/dev/null 2>&1; then
  echo "follow-readme: NOT RUN: README in a fresh clone: this is no checkout"
  exit 0
fi
git clone -q "$top" "$work/clone"
cd "$work/clone"
if [ -n "${JAVA_HOME:-}" ]; then PATH=$JAVA_HOME/bin:$PATH; fi
unset NODE_ENV APP_ENV MONGO_URI REDIS_URL CACHE_REDIS_URL SMTP_URL JWT_SECRET HOST ADMIN_HOST DATA_DIR
export PORT=0 ADMIN_PORT=0

command_of() {
  awk -v marker="<!-- command: $1 -->" '$0 == marker {wanted = 1; next} wanted && /^```/ {if (++fence == 2) exit; next} wanted && fence == 1' README.md
}

said() { sed -n "s/^$1  *//p" "$work/log"; }

# Started in the background of a script, all that this starts has SIGINT ignored, and a JVM then never gets it.
interruptible=()
if env --default-signal=INT true 2>/dev/null; then interruptible=(env --default-signal=INT); fi

# follow <command> <seconds>: runs it as at a terminal, in a process group of its own.
follow() {
  local name=$1 longest=$2 command requests end address code=0
  command=$(command_of "$name")
  [ -n "$command" ] || fail "README has no command behind <!-- command: $name -->"
  set -m
  "${interruptible[@]}" bash -c "$command" >"$work/log" 2>&1 </dev/null &
  app=$!
  set +m
  end=$(($(date +%s) + longest))
  until [ -n "$(said Data:)" ]; do
    kill -0 "$app" 2>/dev/null || fail "$name has ended: $command"
    [ "$(date +%s)" -lt "$end" ] || fail "$name has not said where it is: $command"
    sleep 0.2
  done
  address=$(said 'Todo service:')
  curl -s --noproxy '*' -m 20 "$address/health" | grep -q '"status":"OK"' || fail "$name: $address/health"
  NO_PROXY='*' no_proxy='*' bash -c "$(said 'Try it:')" | grep -q '"token":"' || fail "$name: no token by: $(said 'Try it:')"
  requests=$(command_of requests)
  [ -n "$requests" ] || fail "README has no command behind <!-- command: requests -->"
  NO_PROXY='*' no_proxy='*' bash -c "${requests//localhost:3000/${address#http://}}" | grep -q '}\[{.*"title":"Buy milk"' ||
    fail "$name: no list with the new todo by: $requests"
  curl -s --noproxy '*' -m 20 -H 'Accept: text/html' "$address/" | grep -q '<title>Todos</title>' || fail "$name: no page at $address/"
  redis_pid >/dev/null || fail "$name: its Redis has no pid file"
  kill -INT -- "-$app"
  wait "$app" || code=$?
  [ "$code" = 0 ] || fail "$name: Ctrl-C: expected exit code 0 but was $code"
  if kill -0 -- "-$app" 2>/dev/null; then fail "$name: a process is left after Ctrl-C"; fi
  if redis_pid >/dev/null; then fail "$name: its Redis is left after Ctrl-C"; fi
  app=
  echo "follow-readme: $name ok: $command"
}

java -version 2>&1 | head -n 1
follow run 3600
follow start 300
