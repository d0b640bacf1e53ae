#!/usr/bin/env bash
#
# Proves the artifacts as a stranger meets them. It deploys the toolkit into a file repository below docs/consumer/target,
# and then compiles and runs, on the class path and on the module path:
#   1. README's first steps: its pom.xml and its auth example, word for word. Exactly toolkit-auth, slf4j-api and jspecify
#      may be resolved.
#   2. the project in this directory, which uses the cache, the queue and auth.
#   3. README's other examples.
#
# usage: docs/consumer/run.sh [redis-url]
#   Without a URL it starts the redis-server of the PATH; without one of those 2 and 3 are NOT RUN.
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
javac=${JAVA_HOME:+$JAVA_HOME/bin/}javac
jlink=${JAVA_HOME:+$JAVA_HOME/bin/}jlink
url=${1:-}
redis=
work=$(mktemp -d)

fail() {
  [ ! -f "$work/stderr" ] || cat "$work/stderr" >&2
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

readme() { # marker: the block behind it
  local block
  block=$(awk -v marker="<!-- $1 -->" '$0 == marker {wanted = 1; next} wanted && /^```/ {if (++fence == 2) exit; next} wanted && fence == 1' "$top/README.md")
  [ -n "$block" ] || fail "README has no block behind <!-- $1 -->"
  printf '%s\n' "$block"
}

# Of a run before, only others' artifacts are kept.
rm -rf "$target/staging" "$target/class-path" "$target/module-path" "$target/repository/io/github/scalingtoolkit"
mkdir -p "$target"
# shellcheck disable=SC2206
mvn=(${MVN:-mvn} -B -q)

# The modules that README says to install.
modules=$(readme "command: install" | sed -n 's/.* -pl \([^ ]*\) -am$/\1/p')
[ -n "$modules" ] || fail "README's install command names no modules"
"${mvn[@]}" -f "$top/pom.xml" -pl "$modules" -am deploy \
  -DskipTests -Dspotless.check.skip -Djacoco.skip -Dmaven.install.skip \
  "-DaltDeploymentRepository=staging::file://$target/staging" ||
  fail "the artifacts could not be built and deployed"

# --- 1. README's first steps: auth alone -----------------------------------------------------------------------------

same() { # what expected actual
  [ "$2" = "$3" ] || fail "$1: expected: $2, but was: $3"
}

first=$work/first-steps
mkdir -p "$first/src/main/java"
readme "snippet: auth" >"$first/src/main/java/AuthExample.java"
# README's reader has installed the artifacts; here they come from the staging directory.
readme "file: pom.xml" >"$first/readme.xml"
sed -n '/<repositories>/,/<\/pluginRepositories>/p' "$here/pom.xml" >"$first/repositories.xml"
awk -v file="$first/repositories.xml" '/^<\/project>/ {while ((getline line < file) > 0) print line} {print}' \
  "$first/readme.xml" >"$first/pom.xml"
"${mvn[@]}" -f "$first/pom.xml" "-Dstaging=$target/staging" "-Dfetched=$HOME/.m2/repository" \
  "-Dmaven.repo.local=$target/repository" compile \
  org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DincludeScope=runtime "-DoutputDirectory=$first/lib" ||
  fail "README's first steps do not compile"
same "what an application that needs auth alone gets" "jspecify slf4j-api toolkit-auth" \
  "$(find "$first/lib" -name '*.jar' -printf '%f\n' | sed 's/-[0-9].*//' | sort | xargs)"
same "README's auth example on the class path" "token of user123" \
  "$("$java" -cp "$first/target/classes:$first/lib/*" AuthExample 2>"$work/stderr")"

# The same source in a named module: only modules with a descriptor of their own, so that it can be linked as well.
module=$first/module
mkdir -p "$module/source"
{ echo "package example.tokens;" && cat "$first/src/main/java/AuthExample.java"; } >"$module/source/AuthExample.java"
echo "module example.tokens { requires io.github.scalingtoolkit.auth; }" >"$module/source/module-info.java"
"$javac" --release 17 -Xlint:all -Werror -p "$first/lib" -d "$module/classes" "$module/source/"*.java ||
  fail "README's auth example does not compile in a module"
"$java" --show-module-resolution -p "$module/classes:$first/lib" -m example.tokens/example.tokens.AuthExample >"$module/said" 2>"$work/stderr" ||
  fail "README's auth example does not run in a module"
same "README's auth example on the module path" "token of user123" "$(grep '^token of' "$module/said")"
same "the modules that auth alone needs" "example.tokens io.github.scalingtoolkit.auth org.slf4j" \
  "$(sed -n 's/^root \([^ ]*\) file:.*/\1/p; s/.* requires \([^ ]*\) file:.*/\1/p; s/.* binds \([^ ]*\) file:.*/\1/p' "$module/said" | sort -u | xargs)"
"$jlink" -p "$module/classes:$first/lib" --add-modules example.tokens --output "$module/image" ||
  fail "an image with auth alone cannot be linked"
same "a linked image with auth alone" "token of user123" \
  "$("$module/image/bin/java" -m example.tokens/example.tokens.AuthExample 2>"$work/stderr")"
echo "consumer: auth alone ok"

# --- 2. this directory's project: cache, queue and auth ----------------------------------------------------------------

if [ -z "$url" ]; then
  if ! command -v redis-server >/dev/null; then
    echo "consumer: NOT RUN: cache and queue as artifacts: there is no redis-server on the PATH and no URL was given"
    exit 0
  fi
  start_redis
fi

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

# --- 3. README's other examples --------------------------------------------------------------------------------------

mkdir -p "$work/examples"
for example in cache:Cache queue:Queue core:Guard; do
  readme "snippet: ${example%:*}" >"$work/examples/${example#*:}Example.java"
done
"$javac" --release 17 -cp "$target/class-path/lib/*" -d "$work/examples/classes" "$work/examples/"*.java ||
  fail "README's examples do not compile"
example() { # class expected
  same "README's $1" "$2" "$("$java" -cp "$work/examples/classes:$target/class-path/lib/*" "$1" "$url" 2>"$work/stderr")"
}
example CacheExample "todos of ada: [Todo[title=buy milk]]"
example QueueExample "mail to ada@example.org"
example GuardExample "the store says 42"
echo "consumer: README's examples ok"
