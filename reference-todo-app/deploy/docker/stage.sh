#!/usr/bin/env bash
#
# Lays out what the image holds: the slim jar, a Java runtime of only the modules it uses, and, for an image from
# scratch, the files of this machine's C library that the runtime is linked with. Called by the Maven profile `image`.
#
# usage: stage.sh <jar> <Java home> <base image> <directory that is made anew>
#   With a base image other than scratch the C library is that image's, which must be glibc no older than this machine's.
#
set -euo pipefail
export LC_ALL=C

jar=$1 java_home=$2 base=$3 root=$4
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

fail() { echo "stage: $*" >&2; exit 1; }
[ "$(uname -s)" = Linux ] || fail "an image is built from a Linux machine's files, but this is $(uname -s)"
[ -f "$jar" ] || fail "there is no $jar"
[ -x "$java_home/bin/jlink" ] || fail "there is no jlink in $java_home: JAVA_HOME must be a JDK"

# Two layers: the jar changes with each build, the rest hardly ever.
rm -rf "$root"
mkdir -p "$root/app/app" "$root/runtime/opt" "$root/runtime/tmp"
cp "$jar" "$root/app/app/todo-api.jar"
cp "$here/jvm.options" "$root/app/app/jvm.options"
root=$root/runtime
bash "$here/runtime.sh" "$jar" "$java_home" "$root/opt/java"

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
