package io.github.scalingtoolkit.core.limit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.scalingtoolkit.core.redis.LuaScript;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.PatientRedis;
import io.github.scalingtoolkit.testing.RedisServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import redis.clients.jedis.Jedis;

/** Admitted ≤ burst + rate · t, where t is Redis' own time. */
class RateLimitBoundTest {
  private static final Duration PATIENT = Duration.ofSeconds(20);
  private static final LuaScript ONE =
      LuaScript.fromResource(LimitScripts.class, "/META-INF/toolkit/core/lua/acquire.lua");

  private static RedisServer server;
  private static RedisAccess redis;
  private static Child child;

  /**
   * What callers got.
   *
   * @param degraded decisions that Redis had no part in
   */
  private record Permits(long admitted, long denied, long degraded) {
    Permits plus(Permits other) {
      return new Permits(
          admitted + other.admitted, denied + other.denied, degraded + other.degraded);
    }
  }

  /** Callers in a process of their own, who ask from a line {@code ask limit cost} on until the next line. */
  static final class Asker {
    private Asker() {}

    public static void main(String[] arguments) throws Exception {
      BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
      try (RedisAccess redis = PatientRedis.open(arguments[0])) {
        System.out.println("ready");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
          String[] words = line.split(" ");
          AtomicBoolean enough = new AtomicBoolean();
          try (RedisRateLimiter limiter =
              limiter(redis, "bound", RateLimit.parse("policy", words[1]))) {
            List<FutureTask<Permits>> crowd =
                crowd(2, Integer.parseInt(words[2]), enough, "hot " + words[1], limiter);
            in.readLine();
            enough.set(true);
            Permits all = new Permits(0, 0, 0);
            for (FutureTask<Permits> part : crowd) {
              all = all.plus(part.get());
            }
            System.out.println(all.admitted() + " " + all.denied() + " " + all.degraded());
          }
        }
      }
    }
  }

  private record Child(Process process, BufferedReader out, PrintStream in) {
    static Child start(String url) throws IOException {
      Process process = new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-cp",
              System.getProperty("java.class.path"),
              Asker.class.getName(),
              url)
          .redirectError(ProcessBuilder.Redirect.DISCARD)
          .start();
      Child child = new Child(
          process,
          process.inputReader(UTF_8),
          new PrintStream(process.getOutputStream(), true, UTF_8));
      assertThat(child.out.readLine()).isEqualTo("ready");
      return child;
    }

    void say(String line) {
      in.println(line);
    }

    Permits stop() throws IOException {
      say("stop");
      String[] numbers = out.readLine().split(" ");
      return new Permits(
          Long.parseLong(numbers[0]), Long.parseLong(numbers[1]), Long.parseLong(numbers[2]));
    }
  }

  @BeforeAll
  static void start() throws IOException {
    server = RedisServer.start();
    redis = PatientRedis.open(server.url());
    child = Child.start(server.url());
  }

  @AfterAll
  static void stop() {
    child.process.destroyForcibly();
    redis.close();
    server.close();
  }

  @ParameterizedTest
  @CsvSource({
    "1/1s, 5000, 12000",
    "1000/100ms, 50, 40000",
    "9000/100ms, 5, 60000",
    "7777/77ms, 4, 60000"
  })
  void theScriptAdmitsTheBurstAndTheRateAndNoMoreOverManySteps(
      String text, int stepMicros, int decisions) {
    // On a clock of the test's own, twice as many ask as the rate admits, ninety thousand a second
    // too, whatever the machine can do: sums that drift show in either direction.
    RateLimit limit = RateLimit.parse("speed", text);
    String script = """
        local server, start, passed, admitted = redis, redis.call('TIME')[1], 0, 0
        local function acquire(redis)
        %s
        end
        local clock = {call = function(command, ...)
          if command == 'TIME' then
            return {start + math.floor(passed / 1000000), passed %% 1000000}
          end
          return server.call(command, ...)
        end}
        for i = 1, ARGV[5] do
          admitted = admitted + acquire(clock)[1]
          passed = passed + math.random(0, 2 * ARGV[6])
        end
        return {admitted, passed}
        """.formatted(ONE.text());
    List<Long> answer = numbers(redis
        .commands()
        .eval(
            script,
            List.of("speed:" + text),
            List.of(
                "1",
                "1",
                Integer.toString(limit.permits()),
                Double.toString(limit.permitMicros()),
                Integer.toString(decisions),
                Integer.toString(stepMicros))));

    double bound = limit.permits() * (1 + answer.get(1) * 1e3 / limit.period().toNanos());
    assertThat((double) decisions).isGreaterThan(1.5 * bound);
    assertThat((double) answer.get(0)).isLessThanOrEqualTo(bound).isGreaterThan(0.99 * bound - 1);
  }

  @ParameterizedTest
  @CsvSource({"1/1s, 1", "1000/1s, 10", "90000/1s, 900", "7777/777ms, 77"})
  void severalProcessesAndThreadsGetTheBurstAndTheRateAndNoMore(String text, int cost)
      throws Exception {
    RateLimit limit = RateLimit.parse("policy", text);
    AtomicBoolean enough = new AtomicBoolean();
    try (RedisRateLimiter one = limiter(redis, "bound", limit);
        RedisRateLimiter other = limiter(redis, "bound", limit)) {
      String key = "hot " + text;
      long began = micros();
      // While all permits are there, none comes back.
      Permits all = untilDenied(one, key, cost);
      long exhausted = micros();
      child.say("ask " + text + " " + cost);
      List<FutureTask<Permits>> crowd = crowd(4, cost, enough, key, one, other);
      Await.until("a second has passed", () -> micros() - began > 1_000_000);
      enough.set(true);
      all = all.plus(child.stop());
      for (FutureTask<Permits> part : crowd) {
        all = all.plus(part.get());
      }
      long asked = micros();
      all = all.plus(untilDenied(one, key, cost));
      double seconds = (micros() - began) / 1e6;

      double periodSeconds = limit.period().toNanos() / 1e9;
      double sure = (asked - exhausted) / 1e6;
      assertThat((double) all.admitted())
          .as("admitted in %s s, %s of them without a break, at %s", seconds, sure, text)
          .isLessThanOrEqualTo(limit.permits() * (1 + seconds / periodSeconds))
          .isGreaterThanOrEqualTo(0.95 * limit.permits() * (1 + sure / periodSeconds) - cost);
      assertThat(all.denied()).isPositive();
      assertThat(all.degraded()).isZero();
      assertThat(one.counts().degradedDenied() + other.counts().degradedDenied())
          .isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({"1, false", "3, false", "1, true", "3, true"})
  void limitsThatTakeTurnsShareOneBurstAndTheRate(long seed, boolean several) {
    RateLimit never = RateLimit.parse("never", "1000000/1s");
    Random random = new Random(seed);
    List<RateLimit> limits = new ArrayList<>();
    List<Script> scripts = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      RateLimit limit =
          new RateLimit("turns", 1_000 + random.nextInt(100_000), Duration.ofSeconds(1));
      limits.add(limit);
      scripts.add(script(redis, "turns", several ? List.of(limit, never) : List.of(limit)));
    }
    String key = "hot " + seed + several;
    double bursts = 0;
    long denied = 0;
    long began = micros();
    long ended = began;
    while (ended - began < 1_000_000) {
      for (int i = 0; i < 50; i++) {
        int which = random.nextInt(limits.size());
        // Five bursts each time round: more than the rate however slow the machine is.
        int calls = 1 + limits.get(which).permits() / 10;
        long admitted = scripts.get(which).ask(key, 1, calls).admitted();
        bursts += (double) admitted / limits.get(which).permits();
        denied += calls - admitted;
      }
      ended = micros();
    }
    // What came back until here is taken, whenever this thread goes on.
    double sure = (ended - began) / 1e6;
    int last = limits.get(0).permits();
    bursts += (double) scripts.get(0).ask(key, 1, last).admitted() / last;
    double seconds = (micros() - began) / 1e6;

    assertThat(denied).isPositive();
    assertThat(bursts)
        .as("bursts of %s", limits)
        .isLessThanOrEqualTo(1 + seconds)
        .isGreaterThan(0.9 * (1 + sure));
  }

  @Test
  void theScriptForSeveralPoliciesAnswersForOneAsTheOneForOneDoes() {
    LuaScript several =
        LuaScript.fromResource(LimitScripts.class, "/META-INF/toolkit/core/lua/acquire-all.lua");
    Random random = new Random(3);
    try (Jedis jedis = server.connect()) {
      for (int i = 0; i < 400; i++) {
        String cost = Integer.toString(1 + random.nextInt(4));
        String calls = Integer.toString(random.nextInt(6));
        String burst = Integer.toString(1 + random.nextInt(30));
        List<String> arguments = List.of(cost, calls, burst, "3600000000");
        List<Long> here = numbers(jedis.eval(ONE.text(), List.of("{same}:one"), arguments));
        List<Long> there =
            numbers(jedis.eval(several.text(), List.of("{same}:several"), arguments));

        // Both within some ms of a clock on which a permit is worth an hour.
        assertThat(there.get(0)).as("admitted by %s", arguments).isEqualTo(here.get(0));
        assertThat(there.get(1) / 60_000_000.0).isCloseTo(here.get(1) / 60_000_000.0, within(1.0));
        assertThat(there.get(2)).isEqualTo(here.get(2));
        assertThat(Math.abs(there.get(3) - here.get(3))).isLessThanOrEqualTo(1);
        assertThat(there.get(4) / 60_000_000.0).isCloseTo(here.get(4) / 60_000_000.0, within(1.0));
        if (i % 20 == 0) {
          jedis.del("{same}:one", "{same}:several");
        }
      }
    }
  }

  /** Asks Redis itself, without what a limiter remembers. */
  private interface Script {
    Grant ask(String key, int cost, int calls);
  }

  private static Script script(RedisAccess redis, String name, List<RateLimit> limits) {
    LimitScripts scripts = new LimitScripts(
        redis, new LimitKeys("", name), limits.stream().map(RateLimit::name).toList());
    Terms terms = new Terms(name, limits);
    return (key, cost, calls) -> scripts.acquire(key, cost, calls, terms);
  }

  private static List<Long> numbers(Object reply) {
    return ((List<?>) reply).stream().map(Long.class::cast).toList();
  }

  @Test
  void aChangedClockAddsAtMostABurstOrAWaitOfAPeriod(@TempDir Path directory) throws IOException {
    Optional<Path> faketime = faketime();
    assumeTrue(faketime.isPresent(), "NOT RUN: needs Debian's libfaketime");
    assumeTrue(
        System.getProperty("toolkit.test.redis-server") == null,
        "NOT RUN: needs the embedded Redis: Debian's 7.0.15 does not start under libfaketime");
    Path offset = directory.resolve("offset");
    Files.writeString(offset, "+0");
    try (RedisServer lying = RedisServer.startIn(Map.of(
            "LD_PRELOAD",
            faketime.orElseThrow().toString(),
            "FAKETIME_TIMESTAMP_FILE",
            offset.toString(),
            "FAKETIME_NO_CACHE",
            "1",
            "FAKETIME_DONT_FAKE_MONOTONIC",
            "1"));
        RedisAccess access = PatientRedis.open(lying.url())) {
      RateLimit limit = RateLimit.parse("api", "10/10m");
      Script script = script(access, "clock", List.of(limit));
      assertThat(script.ask("ada", 1, 100).admitted()).isEqualTo(10);

      Files.writeString(offset, "+3m");
      assertThat(script.ask("ada", 1, 100).admitted()).isEqualTo(3);
      Files.writeString(offset, "+3d");
      assertThat(script.ask("ada", 1, 100).admitted()).isEqualTo(10);
      Files.writeString(offset, "-30d");
      Grant afterBack = script.ask("ada", 1, 100);

      assertThat(afterBack.admitted()).isZero();
      assertThat(afterBack.retryMicros()).isBetween(59_000_000L, 60_000_000L);
      assertThat(afterBack.resetMicros()).isLessThanOrEqualTo(600_000_000L);
      Files.writeString(offset, "-2591880s");
      assertThat(script.ask("ada", 1, 100).admitted()).isEqualTo(2);
    }
  }

  private static List<FutureTask<Permits>> crowd(
      int threads, int cost, AtomicBoolean enough, String key, RedisRateLimiter... limiters) {
    List<FutureTask<Permits>> crowd = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      RedisRateLimiter mine = limiters[t % limiters.length];
      FutureTask<Permits> part = new FutureTask<>(() -> {
        Permits mineUntilNow = new Permits(0, 0, 0);
        while (!enough.get()) {
          mineUntilNow = mineUntilNow.plus(ask(mine, key, cost));
        }
        return mineUntilNow;
      });
      new Thread(part).start();
      crowd.add(part);
    }
    return crowd;
  }

  /** Takes what has come back since the last answer, so that the end of a run does not count as idle. */
  private static Permits untilDenied(RedisRateLimiter limiter, String key, int cost) {
    Permits all = new Permits(0, 0, 0);
    while (all.denied() == 0) {
      all = all.plus(ask(limiter, key, cost));
    }
    return all;
  }

  private static Permits ask(RedisRateLimiter limiter, String key, int cost) {
    Decision decision = limiter.tryAcquire(key, cost);
    if (!decision.allowed()) {
      // Denied from memory, mostly: leaves the machine to the others.
      LockSupport.parkNanos(200_000);
    }
    return new Permits(
        decision.allowed() ? cost : 0, decision.allowed() ? 0 : cost, decision.degraded() ? 1 : 0);
  }

  private static Optional<Path> faketime() throws IOException {
    try (Stream<Path> architectures = Files.list(Path.of("/usr/lib"))) {
      return architectures
          .map(architecture -> architecture.resolve("faketime/libfaketimeMT.so.1"))
          .filter(Files::exists)
          .findFirst();
    }
  }

  private static long micros() {
    try (Jedis jedis = server.connect()) {
      List<String> time = jedis.time();
      return Long.parseLong(time.get(0)) * 1_000_000 + Long.parseLong(time.get(1));
    }
  }

  private static RedisRateLimiter limiter(RedisAccess redis, String name, RateLimit limit) {
    return RedisRateLimiter.builder(redis, name)
        .policy(limit, FailureMode.closed())
        .budget(PATIENT)
        .build();
  }
}
