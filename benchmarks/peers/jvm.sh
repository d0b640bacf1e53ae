#!/bin/sh
#
# Becomes the java that the JVM peers run on: one with virtual threads.
#
# usage: benchmarks/peers/jvm.sh ARGUMENT…
#   It is the JDK in PEERS_JAVA_HOME, else the one in JAVA_HOME, else the java on the PATH. Exit code 69 if that is older
#   than 21, or missing.
#
java=java
if [ -n "$PEERS_JAVA_HOME" ]; then java=$PEERS_JAVA_HOME/bin/java; elif [ -n "$JAVA_HOME" ]; then java=$JAVA_HOME/bin/java; fi
version=$("$java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')
if [ "${version:-0}" -lt 21 ]; then
  echo "$java is ${version:-no} Java: this peer needs 21 or newer; PEERS_JAVA_HOME may name such a JDK" >&2
  exit 69
fi
exec "$java" "$@"
