#!/usr/bin/env bash
#
# Builds the image by the command that docs/deployment.md shows, unpacks it and boots it as a container engine would:
# its own entry point, user 65532, a read-only root file system, /tmp as the only place to write, production mode. Once
# without stores (alive, serving, not ready), once with a Redis and a store on the MongoDB wire (login to finished job).
# Needs no engine: mount namespaces and chroot do. Where those are not permitted it says NOT RUN.
#
# usage: boot-image.sh [image.tar]
#   With a tar it builds nothing, but the demo jar must have been built: it brings the store.
#
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../../.." && pwd)
target=$top/reference-todo-app/target
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
work=$(mktemp -d)
root=$work/root
stores=() app= finished=no

fail() {
  echo "boot-image: FAILED: $*" >&2
  for log in "$work"/*.log; do
    [ -s "$log" ] || continue
    echo "--- $(basename "$log"), last lines:" >&2
    tail -n 20 "$log" >&2
  done
  exit 1
}
ok() { echo "ok  $*"; }
not_run() { echo "boot-image: NOT RUN: the image was not booted: $*"; exit 0; }

clean_up() {
  local code=$?
  trap - EXIT
  for pid in $app "${stores[@]}"; do kill -9 "$pid" 2> /dev/null || true; done
  wait 2> /dev/null || true
  rm -rf "$work"
  [ "$code" = 0 ] || [ "$finished" = yes ] || echo "boot-image: stopped with exit code $code" >&2
  exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# --- what it takes -------------------------------------------------------------------------------------------------
if [ $# -gt 0 ]; then
  tar=$1
else
  command=$(awk '/<!-- command: image -->/ {wanted=1; next} wanted && /^```/ {fence++; if (fence == 2) exit; next} wanted && fence == 1' "$top/docs/deployment.md")
  [ -n "$command" ] || fail "docs/deployment.md has no command behind <!-- command: image -->"
  [ "$(uname -s)" = Linux ] || not_run "it is built from a Linux machine's files, but this is $(uname -s)"
  (cd "$top" && bash -euo pipefail -c "$command") || fail "$command"
  tar=$target/todo-api-image.tar
fi
[ -f "$tar" ] || fail "there is no $tar"
size=$(($(wc -c < "$tar") / 1000000))
[ "$size" -le 90 ] || fail "the image must be at most 90 MB but is $size MB"
ok "image: $size MB $(basename "$tar")"
for tool in curl redis-server unshare chroot; do
  command -v "$tool" > /dev/null || not_run "there is no $tool"
done
[ "$(id -u)" = 0 ] || not_run "only root may unshare and chroot"
unshare --mount true 2> /dev/null || not_run "mount namespaces are not permitted here"

# --- unpack, and read what the image says of itself ----------------------------------------------------------------
mkdir -p "$root" "$work/tar"
tar -xf "$tar" -C "$work/tar"
layers=$(grep -o '"Layers":\[[^]]*\]' "$work/tar/manifest.json" | grep -o '[0-9a-f]*\.tar\.gz')
for layer in $layers; do tar -xzf "$work/tar/$layer" -C "$root" --warning=no-unknown-keyword; done
strings_of() { grep -o "\"$1\":\[[^]]*\]" "$work/tar/config.json" | sed 's/^[^[]*\[//; s/\]$//' | tr ',' '\n' | sed 's/^"//; s/"$//'; }
mapfile -t entrypoint < <(strings_of Entrypoint)
mapfile -t environment < <(strings_of Env)
user=$(sed -n 's/.*"User":"\([^"]*\)".*/\1/p' "$work/tar/config.json")
[ "$user" = 65532:65532 ] || fail "the image's user is to be 65532:65532 but is '$user'"
grep -q '"Volumes":{"/tmp":{}}' "$work/tar/config.json" || fail "/tmp is to be a volume"
[ "${#entrypoint[@]}" -gt 1 ] || fail "the image has no entry point"
for foreign in mongo-java-server h2 netty embedded-redis; do
  find "$root" -name "*$foreign*" | grep -q . && fail "the image holds $foreign"
done
# What an engine adds to every container.
mkdir -p "$root/proc" "$root/dev" "$root/etc" "$root/run/secrets"
for device in null zero random urandom; do : > "$root/dev/$device"; done
printf '127.0.0.1 localhost\n' > "$root/etc/hosts"

# boot <log> <role or nothing> NAME=value…: the entry point is this shell's child, as a container's process is its engine's.
boot() {
  local log=$1 role=$2
  shift 2
  # shellcheck disable=SC2016
  unshare --mount bash -euc '
    root=$1 user=$2
    shift 2
    mount --make-rprivate /
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    for device in null zero random urandom; do mount --bind "/dev/$device" "$root/dev/$device"; done
    mount --bind "$root/../secrets" "$root/run/secrets"
    mount -o remount,bind,ro "$root"
    mount -t tmpfs -o mode=1777,size=64m tmpfs "$root/tmp"
    named=()
    while [ "$1" != -- ]; do named+=("$1"); shift; done
    shift
    exec env -i "${named[@]}" "$(command -v chroot)" --userspec="$user" --groups= "$root" "$@"
  ' boot "$root" "$user" "${environment[@]}" HOST=127.0.0.1 ADMIN_HOST=127.0.0.1 PORT="$port" ADMIN_PORT="$admin_port" \
    JWT_SECRET_FILE=/run/secrets/jwt-secret JDK_JAVA_OPTIONS="-XX:MaxRAM=$memory$demand_cache" "$@" -- "${entrypoint[@]}" ${role:+"$role"} \
    > "$log" 2>&1 &
}
memory=512m # as the manifests limit it
# With this the JVM ends where it would start without its AOT cache.
demand_cache=
if grep -q '^-XX:AOTCache=' "$root/app/jvm.options"; then demand_cache=" -XX:AOTMode=on"; else echo "boot-image: NOT RUN: no AOT cache in this image: it was built on a JDK before 25"; fi

free_port() {
  local candidate
  while :; do
    candidate=$((20000 + RANDOM % 12000))
    case " ${taken:-} " in *" $candidate "*) continue ;; esac
    if ! (exec 3<> "/dev/tcp/127.0.0.1/$candidate") 2> /dev/null; then break; fi
  done
  echo "$candidate"
}
new_ports() {
  port=$(free_port) && taken="${taken:-} $port"
  admin_port=$(free_port) && taken="$taken $admin_port"
}
get() { curl -s --noproxy '*' -m 10 -o "$work/body" -w '%{http_code}' "$@" || true; }
on() { local at=$1 path=$2; shift 2; get "http://127.0.0.1:$at$path" "$@"; }
expect() { # what wanted actual
  [ "$3" = "$2" ] || fail "$1: expected $2 but was $3: $(cat "$work/body" 2> /dev/null)"
}
await() { # seconds what command…
  local end=$(($(date +%s) + $1)) what=$2
  shift 2
  until "$@"; do
    [ "$(date +%s)" -lt "$end" ] || fail "waited in vain for: $what"
    [ -z "$app" ] || kill -0 "$app" 2> /dev/null || fail "the image has ended while waiting for: $what"
    sleep 0.1
  done
}
answers() { [ "$(on "$1" "$2")" = "$3" ]; }
says() { on "$1" "$2" > /dev/null; grep -q "$3" "$work/body"; }
in_file() { grep -q "$1" "$2" 2> /dev/null; }
terminate() {
  kill -TERM "$app"
  local code=0
  wait "$app" || code=$?
  app=
  [ "$code" = 0 ] || fail "SIGTERM: expected exit code 0 but was $code"
  ok "$1: SIGTERM, exit code 0"
}

mkdir "$work/secrets"
head -c 48 /dev/urandom | base64 > "$work/secrets/jwt-secret"
password=$(head -c 18 /dev/urandom | base64 | tr '+/' 'ab')
chmod 0444 "$work/secrets"/*

# --- without stores --------------------------------------------------------------------------------------------------
new_ports
boot "$work/alone.log" serve "MONGO_URI=mongodb://127.0.0.1:$(free_port)/todoapp" "REDIS_URL=redis://127.0.0.1:$(free_port)"
app=$!
await 60 "the public port" answers "$port" /health 200
expect "/livez without stores" 200 "$(on "$admin_port" /livez)"
expect "/readyz without stores" 503 "$(on "$admin_port" /readyz)"
ok "without stores: /health 200, /livez 200, /readyz 503"
grep -q '^Uid:[[:space:]]*65532[[:space:]]*65532[[:space:]]*65532' "/proc/$app/status" || fail "it does not run as user 65532"
grep -q '^CapEff:[[:space:]]*0*$' "/proc/$app/status" || fail "it has capabilities"
awk '$5 == "/" {seen++; if ($6 ~ /(^|,)ro(,|$)/) sealed++} END {exit !(seen && seen == sealed)}' "/proc/$app/mountinfo" || fail "its root file system is not read-only"
ok "user 65532, no capabilities, read-only root"
terminate "without stores"

# --- with a Redis and a store on the MongoDB wire ----------------------------------------------------------------------
[ -f "$target/todo-api-demo.jar" ] || fail "there is no $target/todo-api-demo.jar, which brings the store"
redis_port=$(free_port) && taken="$taken $redis_port"
printf 'bind 127.0.0.1\nport %s\nrequirepass %s\ndir %s\nsave ""\nmaxmemory-policy noeviction\n' \
  "$redis_port" "$password" "$work" | redis-server - > "$work/redis.log" 2>&1 &
stores+=($!)
"$java" -cp "$target/todo-api-demo.jar" "$here/BootStores.java" "$work/mongo" ada "$password" > "$work/mongo.log" 2>&1 &
stores+=($!)
await 60 "the store on the MongoDB wire" in_file '^mongo ' "$work/mongo.log"
sed -n 's/^mongo //p' "$work/mongo.log" > "$work/secrets/mongo-uri"
printf 'redis://:%s@127.0.0.1:%s\n' "$password" "$redis_port" > "$work/secrets/redis-url"
chmod 0444 "$work/secrets"/*
stores_of_the_image=(MONGO_URI_FILE=/run/secrets/mongo-uri REDIS_URL_FILE=/run/secrets/redis-url)

new_ports
began=$(date +%s%N)
boot "$work/stack.log" "" "${stores_of_the_image[@]}"
app=$!
await 60 "/readyz UP" says "$admin_port" /readyz '"status":"UP"'
ok "with stores: ready in $((($(date +%s%N) - began) / 1000000)) ms"

boot "$work/healthcheck.log" healthcheck "${stores_of_the_image[@]}"
wait $! || fail "healthcheck: expected exit code 0 but was $?"
ok "healthcheck: exit code 0"

json=(-H 'Content-Type: application/json')
expect "login" 200 "$(on "$port" /login "${json[@]}" -d "{\"username\":\"ada\",\"password\":\"$password\"}")"
token=$(sed -n 's/.*"token":"\([^"]*\)".*/\1/p' "$work/body")
bearer=(-H "Authorization: Bearer $token")
expect "list" 200 "$(on "$port" /api/todos "${bearer[@]}")"
expect "create" 201 "$(on "$port" /api/todos "${bearer[@]}" "${json[@]}" -d '{"title":"Fly"}' -D "$work/head")"
job=$(tr -d '\r' < "$work/head" | sed -n 's|^[Ll]ink: <\(/api/jobs/[^>]*\)>.*|\1|p')
[ -n "$job" ] || fail "create: there is no link to its job"
job_completed() { on "$port" "$job" "${bearer[@]}" > /dev/null; grep -q '"state":"completed"' "$work/body"; }
await 30 "the end of its job" job_completed
ok "login, list, create, job completed; $(awk '/^VmRSS/ {print int($2 / 1024)}' "/proc/$app/status") MB resident under a limit of $memory"
terminate "with stores"
in_file "$token" "$work/stack.log" && fail "a token is in the log"
in_file "$password" "$work/stack.log" && fail "a password is in the log"

finished=yes
echo "boot-image: the image does what it is to do"
