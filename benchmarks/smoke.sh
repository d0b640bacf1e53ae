#!/usr/bin/env bash
#
# The benchmark's smoke test, within a minute on a quiet machine: a session of each kind of row, cut down to a second,
# whose every answer is checked; the peer's two faults; a hot path; and a session that is interrupted, which must leave
# its finished rotation, no process and no quota.
#
# usage: benchmarks/smoke.sh
#   The jars must have been built. Rows that need what is not installed are NOT RUN, and said so.
#
set -euo pipefail
# Jobs get process groups of their own, and Ctrl-C reaches them: a background job has it ignored otherwise, and so has
# all that a script starts which is one itself.
set -m
interruptible=()
if env --default-signal=INT true 2>/dev/null; then interruptible=(env --default-signal=INT); fi
export LC_ALL=C

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
jar=$top/benchmarks/target/benchmarks.jar
work=$(mktemp -d)
session=
cd "$top"

fail() {
  echo "smoke: FAILED: $*" >&2
  tail -n 20 "$work"/*.log >&2 || true
  exit 1
}
all_right() {
  if grep '"errors" : [1-9]' "$1"; then fail "answers were wrong"; fi
}
clean_up() {
  local code=$?
  trap - EXIT
  if [ -n "$session" ] && kill -0 "$session" 2>/dev/null; then kill -TERM "$session"; wait "$session" || true; fi
  rm -rf "$work"
  exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

[ -f "$jar" ] || fail "there is no $jar: mvn -B -q package -DskipTests"

began=$SECONDS
"$java" -jar "$jar" audit > "$work/audit.log" || fail "audit"
"$java" -jar "$jar" smoke --rows single,express,floor,cluster,nginx,k8s-shape --out "$work/smoke" > "$work/smoke.log" 2>&1 \
  || fail "the session ended with $?"
grep '^NOT RUN' "$work/smoke.log" || true
if grep -q ': it failed' "$work/smoke.log"; then fail "a row failed"; fi
raw=$work/smoke/raw/smoke.json
for row in single cluster floor; do grep -q "\"row\" : \"$row\"" "$raw" || fail "there is no slice of $row"; done
all_right "$raw"
cp -r "$work/smoke" "$work/again"
"$java" -jar "$jar" report "$work/again" > "$work/report.log" || fail "report"
diff -r "$work/smoke" "$work/again" || fail "the page made anew differs"
echo "ok  every answer of $(grep -o '"row" : "[^"]*"' "$raw" | sort -u | wc -l) kinds of rows was as expected; $((SECONDS - began)) s"

# It is interrupted below; meanwhile it starts.
"${interruptible[@]}" "$java" -jar "$jar" smoke --rows single --rotations 1000 --out "$work/cut" > "$work/cut.log" 2>&1 &
session=$!

began=$SECONDS
"$java" -jar "$jar" peer > "$work/peer.log" 2>&1 || fail "the peer is otherwise than listed"
grep '^NOT RUN' "$work/peer.log" || echo "ok  the peer serves old lists and ends with its Redis, as listed; $((SECONDS - began)) s"

"$java" -jar "$jar" jmh -f 1 -wi 0 -i 1 -r 100ms -foe true 'VerifyBenchmark.cached' > "$work/jmh.log" 2>&1 || fail "jmh"
grep -q '^# Run complete' "$work/jmh.log" || fail "jmh did not complete"
echo "ok  a hot path"

for _ in $(seq 1800); do
  if grep -qs '"row" : "single"' "$work/cut/raw/smoke.json"; then break; fi
  kill -0 "$session" 2>/dev/null || fail "the session ended by itself"
  sleep 0.1
done
logs=$(sed -n 's/^what the processes print is in //p' "$work/cut.log")
[ -n "$logs" ] || fail "the session did not say where its logs are"
group=$session
kill -INT -- "-$group"
code=0
wait "$group" || code=$?
session=
[ "$code" = 130 ] || fail "Ctrl-C: expected exit code 130 but was $code"
grep -q '"row" : "single"' "$work/cut/raw/smoke.json" || fail "the finished rotation was not kept"
sleep 1
# The embedded Redis has a group of its own, but its path is below the session's directory.
if pgrep -g "$group" > "$work/left.log" || pgrep -f "$logs" > "$work/left.log"; then
  fail "processes are left: $(tr '\n' ' ' < "$work/left.log")"
fi
if grep -q 'could not be removed' "$work/cut.log"; then fail "a quota is left"; fi
echo "ok  Ctrl-C: exit code 130, finished rotation kept, no process and no quota left"
