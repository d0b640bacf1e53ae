package io.github.scalingtoolkit.todo.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.sun.net.httpserver.HttpServer;
import io.github.scalingtoolkit.core.limit.ClientAddress;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.todo.http.HttpConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class FleetTest {
  private static final int AT_A_TIME = Math.max(2, Runtime.getRuntime().availableProcessors());

  @TempDir
  private Path directory;

  @Test
  void aRequestDuringAReplacementCausesOneMoreAfterwards() throws Exception {
    Probed probed = new Probed();
    probed.ready = false;
    Path starts = directory.resolve("starts");
    Fleet fleet = fleet(2, "echo started >> " + starts + "; " + serving(probed.port()));
    try {
      fleet.start();
      Thread first = new Thread(fleet::replaceAll);
      first.start();
      Await.until("the first replacement is not ready yet", () -> lines(starts) == 3);

      fleet.replaceAll();
      fleet.replaceAll();
      assertThat(first.isAlive()).isTrue();
      probed.ready = true;
      first.join();

      assertThat(lines(starts)).as("two workers, replaced twice").isEqualTo(2 + 2 + 2);
      fleet.replaceAll();
      assertThat(lines(starts)).isEqualTo(2 + 2 + 2 + 2);
    } finally {
      fleet.stop();
      probed.close();
    }
  }

  @Test
  void waitsForTheFirstReadyAnswerOfEachWorkerButNotForEver() throws Exception {
    try (Probed probed = new Probed()) {
      probed.ready = false;
      Fleet fleet = fleet(2, serving(probed.port()));
      try {
        fleet.start();
        fleet.awaitFirstAnswers(Duration.ofMillis(1));
        assertThat(fleet.ready()).isZero();

        probed.ready = true;
        fleet.awaitFirstAnswers(Duration.ofMinutes(2));
        assertThat(fleet.ready()).isEqualTo(2);
      } finally {
        fleet.stop();
      }
    }
  }

  private Fleet fleet(int size, String script) throws IOException {
    return fleet(size, script, Clock.system());
  }

  private Fleet fleet(int size, String script, Clock clock) throws IOException {
    Path worker = directory.resolve("worker");
    Files.writeString(worker, "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(worker, PosixFilePermissions.fromString("rwx------"));
    return new Fleet(
        size,
        new WorkerLauncher(List.of(worker.toString()), Map.of()),
        new Balancer(HttpConfig.at("public", "127.0.0.1", 0), size, ClientAddress.behind()),
        new RestartPolicy(() -> 0),
        Duration.ofSeconds(1),
        clock);
  }

  private static String serving(String port) {
    return "echo '" + WorkerLink.ANNOUNCEMENT + "'" + port + " " + port + "; exec sleep 600";
  }

  /** What a worker's admin port says, or does not. */
  private static final class Probed implements AutoCloseable {
    final AtomicInteger asked = new AtomicInteger();
    volatile boolean ready = true;
    volatile boolean hangs;
    private final CountDownLatch over = new CountDownLatch(1);
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpServer server;

    Probed() throws IOException {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.setExecutor(threads);
      server.createContext("/readyz", exchange -> {
        asked.incrementAndGet();
        if (hangs) {
          awaitOver();
        }
        exchange.sendResponseHeaders(ready ? 200 : 503, -1);
        exchange.close();
      });
      server.start();
    }

    private void awaitOver() {
      try {
        over.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    String port() {
      return Integer.toString(server.getAddress().getPort());
    }

    @Override
    public void close() {
      over.countDown();
      server.stop(0);
      threads.shutdownNow();
    }
  }

  private static int lines(Path file) {
    try {
      return Files.exists(file) ? Files.readAllLines(file).size() : 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void noMoreWorkersStartAtATimeThanThereAreProcessors() throws Exception {
    Fleet fleet = fleet(AT_A_TIME + 3, "exec sleep 60");
    try {
      fleet.turn();
      fleet.turn();

      assertThat(fleet.workers()).hasSize(AT_A_TIME).allMatch(WorkerProcess::isAlive);
    } finally {
      fleet.stop();
    }
    assertThat(fleet.workers()).noneMatch(WorkerProcess::isAlive);
  }

  @Test
  void aReplacementThatEndsLeavesTheOldOnesWhereTheyAre() throws Exception {
    Path starts = directory.resolve("starts");
    try (Probed probed = new Probed();
        LogLines logged = new LogLines(Fleet.class)) {
      Fleet fleet = fleet(
          2,
          "echo started >> " + starts + "; [ $(wc -l < " + starts + ") -le 2 ] || exit 3; "
              + serving(probed.port()));
      try {
        fleet.start();
        List<Long> before = pids(fleet);

        fleet.replaceAll();

        assertThat(pids(fleet)).isEqualTo(before);
        assertThat(fleet.workers()).allMatch(WorkerProcess::isAlive);
        assertThat(lines(starts)).as("nobody is tried after the first").isEqualTo(2 + 1);
        assertThat(String.join("\n", logged.text())).contains("cause=\"ended with exit 3\"");
      } finally {
        fleet.stop();
      }
    }
  }

  @Test
  void aReplacementThatDoesNotGetReadyEndsAndTheOldOnesStay() throws Exception {
    ManualClock clock = clock();
    try (Probed probed = new Probed();
        LogLines logged = new LogLines(Fleet.class)) {
      Fleet fleet = fleet(1, serving(probed.port()), clock);
      try {
        awaitReady(fleet);
        List<Long> before = pids(fleet);
        probed.ready = false;
        Thread replacing = new Thread(fleet::replaceAll);
        replacing.start();
        Await.until("the new one is there", () -> fleet.workers().size() == 2);
        Await.until("it is waited for", () -> replacing.getState() == Thread.State.TIMED_WAITING);
        WorkerProcess replacement = fleet.workers().get(1);
        awaitAnswers(fleet, clock);

        clock.advance(Duration.ofSeconds(179));
        fleet.turn();
        assertThat(fleet.workers()).contains(replacement);
        clock.advance(Duration.ofSeconds(2));
        replacing.join();

        assertThat(replacement.isAlive()).isFalse();
        assertThat(pids(fleet)).isEqualTo(before);
        assertThat(fleet.workers()).allMatch(WorkerProcess::isAlive);
        assertThat(String.join("\n", logged.text())).contains("cause=\"not ready within PT3M\"");
      } finally {
        fleet.stop();
      }
    }
  }

  @Test
  void restartsAreDelayedMoreEachTimeUntilAWorkerHasRunForAMinute() throws Exception {
    ManualClock clock = clock();
    try (Probed probed = new Probed()) {
      Fleet fleet = fleet(1, serving(probed.port()), clock);
      try {
        for (int millis : List.of(500, 1000, 2000)) {
          end(awaitReady(fleet));
          assertComesBackAfter(Duration.ofMillis(millis), fleet, clock);
        }
        WorkerProcess steady = awaitReady(fleet);
        clock.advance(Duration.ofSeconds(61));
        fleet.turn();
        end(steady);
        assertComesBackAfter(Duration.ofMillis(500), fleet, clock);
      } finally {
        fleet.stop();
      }
    }
  }

  @Test
  void aWorkerThatAnswersNothingFor20SecondsIsKilledAndComesBack() throws Exception {
    ManualClock clock = clock();
    try (Probed probed = new Probed()) {
      Fleet fleet = fleet(1, serving(probed.port()), clock);
      try {
        WorkerProcess hung = awaitReady(fleet);
        probed.hangs = true;
        Await.until("it is known to be silent", () -> {
          fleet.turn();
          return !hung.isReady();
        });
        clock.advance(Duration.ofSeconds(20));
        fleet.turn();
        assertThat(hung.isAlive()).isTrue();
        clock.advance(Duration.ofMillis(1));
        fleet.turn();

        Await.until("it is killed", () -> !hung.isAlive());
        probed.hangs = false;
        assertComesBackAfter(Duration.ofMillis(500), fleet, clock);
      } finally {
        fleet.stop();
      }
    }
  }

  @Test
  void aStartIsNotKilledForBeingSlowBeforeThreeMinutesHavePassed() throws Exception {
    ManualClock clock = clock();
    Fleet fleet = fleet(1, "exec sleep 600", clock);
    try (LogLines logged = new LogLines(Slot.class)) {
      fleet.turn();
      WorkerProcess starting = fleet.workers().get(0);
      clock.advance(Duration.ofMinutes(3));
      fleet.turn();
      assertThat(starting.isAlive()).isTrue();
      clock.advance(Duration.ofMillis(1));

      Await.until("it is killed and gone", () -> {
        fleet.turn();
        return fleet.workers().isEmpty();
      });
      assertThat(logged.text()).filteredOn(line -> line.contains("hangs=true")).hasSize(1);
    } finally {
      fleet.stop();
    }
  }

  @Test
  void aWorkerThatHangsKeepsNoOtherFromBeingAsked() throws Exception {
    try (Probed hanging = new Probed();
        Probed other = new Probed()) {
      hanging.hangs = true;
      Fleet fleet = fleet(
          2,
          "case $1 in *=1) port=" + hanging.port() + ";; *) port=" + other.port() + ";; esac; "
              + serving("$port"));
      try {
        Await.until("both are asked", () -> {
          fleet.turn();
          return hanging.asked.get() >= 1 && other.asked.get() >= 1;
        });
        int hangingBefore = hanging.asked.get();
        int before = other.asked.get();
        Await.until("the other was asked again and again", () -> {
          fleet.turn();
          return other.asked.get() >= before + 3;
        });

        // It is asked again only once it has been waited for in vain, which takes real time.
        assertThat(hanging.asked.get() - hangingBefore)
            .isLessThanOrEqualTo(other.asked.get() - before);
      } finally {
        fleet.stop();
      }
    }
  }

  /** Not at 0, which stands for never. */
  private static ManualClock clock() {
    ManualClock clock = ManualClock.startingAt(Instant.EPOCH);
    clock.advance(Duration.ofDays(1));
    return clock;
  }

  private static WorkerProcess awaitReady(Fleet fleet) {
    Await.until("it is ready", () -> {
      fleet.turn();
      return fleet.workers().stream().anyMatch(WorkerProcess::isReady);
    });
    return fleet.workers().get(0);
  }

  /** Or else a silence that has begun would be as long as the clock is advanced. */
  private static void awaitAnswers(Fleet fleet, ManualClock clock) {
    Await.until("nobody is silent", () -> {
      fleet.turn();
      long now = clock.nanoTime() + 1;
      return fleet.workers().stream().noneMatch(worker -> worker.hangsAt(now, Duration.ZERO));
    });
  }

  private static void end(WorkerProcess worker) {
    worker.kill();
    Await.until("it has ended", () -> !worker.isAlive());
  }

  private static void assertComesBackAfter(Duration delay, Fleet fleet, ManualClock clock) {
    fleet.turn();
    assertThat(fleet.workers()).isEmpty();
    clock.advance(delay.minusMillis(1));
    fleet.turn();
    assertThat(fleet.workers()).as("before " + delay).isEmpty();
    clock.advance(Duration.ofMillis(1));
    fleet.turn();
    assertThat(fleet.workers()).as("after " + delay).hasSize(1);
  }

  private static List<Long> pids(Fleet fleet) {
    return fleet.workers().stream().map(WorkerProcess::pid).toList();
  }

  /** What a class logs, from now on. */
  private static final class LogLines implements AutoCloseable {
    private final Logger logger;
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

    LogLines(Class<?> of) {
      logger = ((LoggerContext) LoggerFactory.getILoggerFactory()).getLogger(of);
      lines.start();
      logger.addAppender(lines);
    }

    List<String> text() {
      return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    @Override
    public void close() {
      logger.detachAppender(lines);
    }
  }
}
