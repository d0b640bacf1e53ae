#!/usr/bin/env bash
#
# Proves the artifacts as a stranger meets them: deploys the toolkit into a file repository below docs/consumer/target,
# then compiles and runs one small main that uses them, on the class path and on the module path.
#
# usage: docs/consumer/run.sh [redis-url]
#   Without a URL it starts the redis-server of the PATH; without one of those it is NOT RUN.
#   MVN names Maven (default: mvn), with options if need be. JAVA_HOME chooses the JDK. Needs no network once it has run
#   (not -o, though, with which Maven refuses to deploy, even into a directory).
#
# No artifact of ours gets into the local repository of the user: the reactor deploys past it, and the consumer has one of
# its own. What the user's has of others' artifacts is read from it, so that little is fetched twice.
#
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
target=$here/target
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
url=${1:-}
redis=
work=$(mktemp -d)

fail() {
  echo "consumer: FAILED: $*" >&2
  exit 1
}

clean_up() {
  local code=$?
  trap - EXIT
  if [ -n "$redis" ]; then
    kill "$redis" 2>/dev/null || true
    wait "$redis" 2>/dev/null || true
  fi
  rm -rf "$work"
  exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1" && printf 'PING\r\n' >&3 && read -r -t 2 line <&3 && [[ $line == +PONG* ]]) 2>/dev/null; }

start_redis() {
  local try port
  for try in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 12000))
    if answers "$port"; then continue; fi
    redis-server --bind 127.0.0.1 --port "$port" --save '' --appendonly no --dir "$work" >"$work/redis.log" 2>&1 &
    redis=$!
    for _ in $(seq 100); do
      if answers "$port" && kill -0 "$redis" 2>/dev/null; then
        url=redis://127.0.0.1:$port
        return
      fi
      kill -0 "$redis" 2>/dev/null || break
      sleep 0.1
    done
    kill "$redis" 2>/dev/null || true
    wait "$redis" 2>/dev/null || true
    redis=
  done
  fail "redis-server did not start ($try tries): $(tail -n 3 "$work/redis.log")"
}

if [ -z "$url" ]; then
  if ! command -v redis-server >/dev/null; then
    echo "consumer: NOT RUN: there is no redis-server on the PATH and no URL was given"
    exit 0
  fi
  start_redis
fi

# Of a run before, only others' artifacts are kept.
rm -rf "$target/staging" "$target/class-path" "$target/module-path" "$target/repository/io/github/scalingtoolkit"
mkdir -p "$target"
# shellcheck disable=SC2206
mvn=(${MVN:-mvn} -B -q)

"${mvn[@]}" -f "$top/pom.xml" -pl .bom,toolkit-core,toolkit-cache,toolkit-queue,toolkit-auth -am deploy \
  -DskipTests -Dspotless.check.skip -Djacoco.skip -Dmaven.install.skip \
  "-DaltDeploymentRepository=staging::file://$target/staging" ||
  fail "the artifacts could not be built and deployed"

consumer() {
  local mode=$1
  "${mvn[@]}" -f "$here/pom.xml" "-Dmode=$mode" "-Dstaging=$target/staging" "-Dmaven.repo.local=$target/repository" package ||
    fail "$mode: it does not compile"
  shift
  "$@" "$url" || fail "$mode: it does not run"
  echo "consumer: ${mode/-/ } ok"
}

consumer class-path "$java" -cp "$target/class-path/consumer.jar:$target/class-path/lib/*" example.consumer.Main
consumer module-path "$java" -p "$target/module-path/consumer.jar:$target/module-path/lib" -m example.consumer/example.consumer.Main
