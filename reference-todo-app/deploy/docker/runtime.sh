#!/usr/bin/env bash
#
# Links a Java runtime of the modules that a jar uses.
#
# usage: runtime.sh <jar> <Java home of a JDK> <directory to make>
#
set -euo pipefail

jar=$1 java_home=$2 runtime=$3

# What jdeps sees less java.desktop, which only optional parts of libraries name and which would bring X11; and what is
# found only by name at run time: elliptic curves for TLS, SRV records for mongodb+srv.
modules=$("$java_home/bin/jdeps" --ignore-missing-deps --multi-release 17 --list-deps "$jar" 2> /dev/null \
  | tr -d ' ' | sed 's|/.*||' | grep -E '^(java|jdk)\.' | grep -vx java.desktop | sort -u | paste -sd , -)
[ -n "$modules" ] || { echo "runtime: jdeps found no modules in $jar" >&2; exit 1; }
"$java_home/bin/jlink" --add-modules "$modules,jdk.crypto.ec,jdk.naming.dns" --strip-java-debug-attributes \
  --no-header-files --no-man-pages --output "$runtime"
