#!/usr/bin/env bash
#
# Lays out what the image holds: the slim jar, a Java runtime of only the modules it uses, the AOT cache of the two (from
# JDK 25 on), and, for an image from scratch, the files of this machine's C library that the runtime is linked with. Called
# by the Maven profile `image` and by the Dockerfile.
#
# usage: stage.sh <jar> <Java home> <base image> <directory that is made anew>
#   The demo jar must be beside the jar: the AOT cache is trained on its stores. With a base image other than scratch the C
#   library is that image's, which must be glibc no older than this machine's.
#
set -euo pipefail
export LC_ALL=C

jar=$1 java_home=$2 base=$3 root=$4
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

fail() { echo "stage: $*" >&2; exit 1; }
[ "$(uname -s)" = Linux ] || fail "an image is built from a Linux machine's files, but this is $(uname -s)"
[ -f "$jar" ] || fail "there is no $jar"
demo=$(dirname "$jar")/todo-api-demo.jar
[ -f "$demo" ] || fail "there is no $demo, whose stores the AOT cache is trained on"
[ -x "$java_home/bin/jlink" ] || fail "there is no jlink in $java_home: JAVA_HOME must be a JDK"

# Two layers: the jar changes with each build, the rest hardly ever.
rm -rf "$root"
mkdir -p "$root/app/app" "$root/runtime/opt" "$root/runtime/tmp"
cp "$jar" "$root/app/app/todo-api.jar"
cp "$here/jvm.options" "$root/app/app/jvm.options"
app=$root/app/app
root=$root/runtime
bash "$here/runtime.sh" "$jar" "$java_home" "$root/opt/java"

# What a start would load, link and find out about its code, found out once (JEP 483, 514, 515). The JVM takes the cache only
# with the same runtime and the same jar, whose time is the one that the image's files have.
version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$java_home/release")
if [ "$version" -ge 25 ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  find "$app" "$root/opt/java" -exec touch -h -d @1 {} +
  "$java_home/bin/java" -cp "$demo" "$here/AotTraining.java" "$root/opt/java/bin/java" "$app" "$work" \
    || fail "the AOT cache could not be made"
  printf '%s\n' -XX:AOTCache=/app/todo-api.aot >> "$app/jvm.options"
else
  echo "stage: NOT RUN: no AOT cache in the image: JDK $version makes none, 25 and newer do" >&2
fi

[ "$base" = scratch ] || exit 0
mkdir -p "$root/etc"
printf 'root:x:0:0::/:/none\ntodo:x:65532:65532::/tmp:/none\n' > "$root/etc/passwd"
printf 'root:x:0:\ntodo:x:65532:\n' > "$root/etc/group"
printf 'hosts: files dns\n' > "$root/etc/nsswitch.conf"
find "$root/opt/java" -type f \( -name '*.so' -o -path '*/bin/java' \) -print0 | xargs -0 ldd 2> /dev/null \
  | awk '$2 == "=>" && $3 ~ /^\// {print $3} $1 ~ /^\// && $1 !~ /:$/ {print $1}' | sort -u \
  | while IFS= read -r file; do
    case $file in "$root"/*) continue ;; esac
    mkdir -p "$root$(dirname "$file")"
    cp -L "$file" "$root$file"
  done
