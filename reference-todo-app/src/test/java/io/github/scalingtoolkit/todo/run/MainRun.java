package io.github.scalingtoolkit.todo.run;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.util.ContextInitializer;
import io.github.scalingtoolkit.core.settings.SettingsSource;
import io.github.scalingtoolkit.testing.Await;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.slf4j.LoggerFactory;

/**
 * {@link Main#run} in this JVM: all of a process but the JVM itself, at a hundredth of its start. Of several, the last to
 * start has the log lines of all. It must leave no thread behind.
 */
final class MainRun implements Program, Signals {
  /** Threads that the JDK and the driver of MongoDB keep for all who use them, by the start of their names. */
  private static final List<String> KEPT =
      List.of("process reaper", "ForkJoinPool", "HttpClient-", "Keep-Alive-Timer", "BufferPool");

  private final ThreadGroup threads = new ThreadGroup("main-run");
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final AtomicReference<Runnable> stop = new AtomicReference<>();
  private final CompletableFuture<Integer> exitCode = new CompletableFuture<>();

  private MainRun(String input, List<String> environment, List<String> arguments) {
    Map<String, String> values = new TreeMap<>();
    for (String pair : environment) {
      values.put(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
    }
    PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
    new Thread(
            threads,
            () -> {
              try {
                exitCode.complete(Main.run(
                    arguments.toArray(String[]::new),
                    SettingsSource.of("environment", values),
                    new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
                    out,
                    out,
                    this));
              } catch (Throwable failure) {
                exitCode.completeExceptionally(failure);
              }
            },
            "main-run")
        .start();
  }

  /** Starts with {@code environment}, {@code NAME=value} of which the later wins, and nothing of this process' own. */
  static MainRun start(List<String> environment, String... arguments) {
    return new MainRun("", environment, List.of(arguments));
  }

  /** As {@link #start}, with {@code input} on standard input. */
  static MainRun startWith(String input, List<String> environment, String... arguments) {
    return new MainRun(input, environment, List.of(arguments));
  }

  @Override
  public List<String> lines() {
    return printed.toString(StandardCharsets.UTF_8).lines().toList();
  }

  @Override
  public boolean hasEnded() {
    return exitCode.isDone();
  }

  @Override
  public void onEnd(Runnable stop) {
    this.stop.set(stop);
  }

  @Override
  public boolean onHangUp(Runnable replace) {
    return true;
  }

  @Override
  public void terminate() {
    new Thread(threads, stop.get(), "stop").start();
  }

  @Override
  public int awaitEnd() {
    try {
      return exitCode.get(LONGEST.toMillis(), TimeUnit.MILLISECONDS);
    } catch (Exception failure) {
      throw new AssertionError("it did not end: " + lines(), failure);
    }
  }

  @Override
  public void close() {
    try {
      if (!hasEnded() && stop.get() != null) {
        terminate();
      }
      awaitEnd();
      awaitThreads();
    } finally {
      logAsBefore();
    }
  }

  private void awaitThreads() {
    try {
      Await.until("its threads have ended", Duration.ofSeconds(30), () -> left().isEmpty());
    } catch (AssertionError inVain) {
      throw new AssertionError("it has left threads behind: " + left(), inVain);
    }
  }

  private List<String> left() {
    Thread[] left = new Thread[threads.activeCount() + 100];
    int count = threads.enumerate(left);
    return Stream.of(left)
        .limit(count)
        .map(Thread::getName)
        .filter(name -> KEPT.stream().noneMatch(name::startsWith))
        .toList();
  }

  private static void logAsBefore() {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    try {
      new ContextInitializer(context).autoConfig();
    } catch (ch.qos.logback.core.joran.spi.JoranException wrong) {
      throw new AssertionError(wrong);
    }
  }
}
