#!/usr/bin/env bash
#
# The benchmark's smoke test: a cut-down session within a minute, whose every answer is checked; each kind of row that it
# leaves out, a ratio and a hot path once; and a session that is interrupted, which must leave its finished rows and no
# process.
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
answered() {
  grep -q "\"row\" : \"$1\"" "$2/runs.json" || fail "there is no run of $1"
}
all_right() {
  if grep '"errors" : [1-9]' "$1/runs.json"; then fail "answers were wrong"; fi
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
"$java" -jar "$jar" smoke --out "$work/smoke" > "$work/smoke.log" 2>&1 || fail "the session ended with $?"
took=$((SECONDS - began))
grep '^NOT RUN' "$work/smoke.log" || true
# A busy machine may not have time for all: the session ends itself, and says so.
if grep -q '"stopped" : "' "$work/smoke/runs.json"; then sed -n 's/^stopped: /NOT RUN  /p' "$work/smoke.log"; else
  for row in single floor; do answered "$row" "$work/smoke"; done
fi
all_right "$work/smoke"
cp -r "$work/smoke" "$work/again"
"$java" -jar "$jar" report "$work/again" > "$work/report.log" || fail "report"
diff -r "$work/smoke" "$work/again" || fail "the report made anew differs"
echo "ok  every answer of single, peer and floor was as expected; $took s"
# It begins nothing that would not end within its 55 s; only what cannot be begun in part may take longer.
[ "$took" -le 120 ] || fail "the smoke session took $took s"

began=$SECONDS
"$java" -jar "$jar" smoke --rows cluster,nginx,k8s-shape --out "$work/rows" > "$work/rows.log" 2>&1 || fail "the rows ended with $?"
grep '^NOT RUN' "$work/rows.log" || true
sed -n 's/^stopped: /NOT RUN  /p' "$work/rows.log"
if grep -q ': it failed' "$work/rows.log"; then fail "a row failed"; fi
all_right "$work/rows"
echo "ok  every answer of cluster, nginx and k8s-shape was as expected; $((SECONDS - began)) s"

began=$SECONDS
"$java" -jar "$jar" peer > "$work/peer.log" 2>&1 || fail "the peer is otherwise than listed"
grep '^NOT RUN' "$work/peer.log" || echo "ok  the peer serves old lists and ends with its Redis, as listed; $((SECONDS - began)) s"

began=$SECONDS
"$java" -jar "$jar" ratios --only create --rounds 1 --pairs 2 --warm 1 --seconds 3 --out "$work/ratios" > "$work/ratios.log" 2>&1 || fail "the ratio ended with $?"
# A busy machine may answer nothing in a second; whatever else refuses a ratio is a fault.
if grep '^refused' "$work/ratios.log" | grep -v 'nothing was answered'; then fail "the ratio was refused"; fi
if grep -q '"aboveMicros"' "$work/ratios/pairs.json"; then
  echo "ok  a ratio of creates, counted until their jobs were done; $((SECONDS - began)) s"
else
  sed -n 's/.*"reason" : /NOT RUN  a ratio of creates: /p' "$work/ratios/pairs.json"
fi

"$java" -jar "$jar" jmh -f 1 -wi 0 -i 1 -r 100ms -foe true 'VerifyBenchmark.cached' > "$work/jmh.log" 2>&1 || fail "jmh"
grep -q '^# Run complete' "$work/jmh.log" || fail "jmh did not complete"
echo "ok  a hot path"

"${interruptible[@]}" "$java" -jar "$jar" quick --out "$work/quick" > "$work/quick.log" 2>&1 &
session=$!
for _ in $(seq 1800); do
  if grep -qs '"row" : "single"' "$work/quick/runs.json"; then break; fi
  kill -0 "$session" 2>/dev/null || fail "the session ended by itself"
  sleep 0.1
done
logs=$(sed -n 's/^what the processes print is in //p' "$work/quick.log")
[ -n "$logs" ] || fail "the session did not say where its logs are"
group=$session
kill -INT -- "-$group"
code=0
wait "$group" || code=$?
session=
[ "$code" = 130 ] || fail "Ctrl-C: expected exit code 130 but was $code"
grep -q '"row" : "single"' "$work/quick/runs.json" || fail "the finished row was not kept"
sleep 1
# The embedded Redis has a group of its own, but its path is below the session's directory.
if pgrep -g "$group" > "$work/left.log" || pgrep -f "$logs" > "$work/left.log"; then
  fail "processes are left: $(tr '\n' ' ' < "$work/left.log")"
fi
echo "ok  Ctrl-C: exit code 130, finished rows kept, no process left"
