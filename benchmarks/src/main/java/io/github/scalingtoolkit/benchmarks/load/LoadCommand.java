package io.github.scalingtoolkit.benchmarks.load;

import io.github.scalingtoolkit.benchmarks.Arguments;
import io.github.scalingtoolkit.benchmarks.UsageException;
import io.github.scalingtoolkit.benchmarks.verify.Client;
import io.github.scalingtoolkit.benchmarks.verify.VerifyCommand;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.HdrHistogram.Histogram;

/** {@code load <url>}: one endpoint under load. */
public final class LoadCommand {
  private static final Set<String> OPTIONS = Set.of(
      "--path",
      "--token",
      "--post",
      "--status",
      "--contains",
      "--connections",
      "--rate",
      "--seconds",
      "--warm",
      "--pid");

  private LoadCommand() {}

  /** Warms the target, runs the load and prints what counts. Returns 1 if a figure was refused. */
  public static int run(List<String> words) throws IOException, InterruptedException {
    Arguments arguments = Arguments.parse(words, OPTIONS, Set.of("--login", "--wrk"));
    URI base = VerifyCommand.url(arguments.only("the service's URL"));
    String path = arguments.text("--path", "/api/health");
    String token = arguments.has("--login") ? login(base) : arguments.text("--token", "");
    BodyCheck body = BodyCheck.containing(arguments.text("--contains", ""));
    Call call = arguments.has("--post")
        ? Call.post(path, base, path, token, arguments.text("--post", ""), body)
        : Call.get(path, base, path, token, body);
    call = call.answeredWith(arguments.integer("--status", call.status(), 100, 599));
    int connections = arguments.integer("--connections", 32, 1, 10_000);
    Model model = arguments.has("--rate")
        ? new Model.Open(arguments.integer("--rate", 1, 1, 1_000_000), connections)
        : new Model.Closed(connections);
    int seconds = arguments.integer("--seconds", 5, 1, 3600);
    int warm = arguments.integer("--warm", 3, 0, 600);
    List<Long> pids = new ArrayList<>();
    if (arguments.has("--pid")) {
      int pid = arguments.integer("--pid", 1, 1, Integer.MAX_VALUE);
      pids.addAll(ProcUsage.tree(pid));
      if (pids.isEmpty()) {
        throw new UsageException("--pid: there is no process " + pid);
      }
    }
    if (arguments.has("--wrk") && (model instanceof Model.Open || call.status() != 200)) {
      throw new UsageException("--wrk compares GET requests in the closed model");
    }

    if (warm > 0) {
      Generator.run(
          Load.on(base, call, new Model.Closed(connections), Duration.ofSeconds(warm)),
          Observer.NONE);
    }
    Load load = Load.on(base, call, model, Duration.ofSeconds(seconds));
    Measured measured = Measured.run(load, pids);
    boolean counts = print(call, measured);
    if (arguments.has("--wrk") && !Wrk.installed()) {
      System.out.println("  wrk            NOT RUN: wrk is not installed");
    } else if (arguments.has("--wrk")) {
      counts &= crossCheck(
          measured,
          () -> Measured.run(load, List.of()),
          () -> Wrk.perSecond(base.resolve(path), token, connections, seconds));
    }
    return counts ? 0 : 1;
  }

  private static boolean print(Call call, Measured measured) {
    LoadResult result = measured.result();
    System.out.printf(
        Locale.ROOT,
        "%s: %s, %.1f s, %d answered, %d wrong%n",
        call.name(),
        result.model(),
        result.time().toNanos() / 1e9,
        result.answered(),
        result.errors());
    boolean counts = true;
    Optional<String> refusal = Validity.refusal(measured, Figure.THROUGHPUT);
    counts &= refusal.isEmpty();
    System.out.println("  requests/s     "
        + refusal.orElseGet(() -> String.format(Locale.ROOT, "%.0f", result.perSecond())));
    refusal = Validity.refusal(measured, Figure.LATENCY);
    counts &= refusal.isEmpty();
    System.out.println("  from due       " + refusal.orElseGet(() -> shown(result.fromDue())));
    System.out.println("  from sent      " + refusal.orElseGet(() -> shown(result.fromSent())));
    refusal = Validity.refusal(measured, Figure.CPU);
    counts &= refusal.isEmpty() || measured.usage().isEmpty();
    System.out.println("  server CPU     " + refusal.orElseGet(() -> measured.shownCpu()));
    System.out.println("  server memory  "
        + Validity.refusal(measured, Figure.MEMORY).orElseGet(measured::shownMemory));
    System.out.printf(
        Locale.ROOT, "  generator      %.0f %% of its core%n", 100 * result.clientShare());
    return counts;
  }

  private static String shown(Histogram nanos) {
    return String.format(
        Locale.ROOT,
        "p50 %.2f ms, p90 %.2f, p99 %.2f, p99.9 %.2f, max %.2f",
        nanos.getValueAtPercentile(50) / 1e6,
        nanos.getValueAtPercentile(90) / 1e6,
        nanos.getValueAtPercentile(99) / 1e6,
        nanos.getValueAtPercentile(99.9) / 1e6,
        nanos.getMaxValue() / 1e6);
  }

  /** A run, ours or wrk's. */
  interface Opinion<T> {
    T take() throws IOException, InterruptedException;
  }

  /** Goes on in the order ABBA, ours first: a machine that gets slower meets both. */
  static boolean crossCheck(Measured first, Opinion<Measured> ours, Opinion<Double> wrk)
      throws IOException, InterruptedException {
    Optional<String> refusal = Validity.refusal(first, Figure.THROUGHPUT);
    if (refusal.isPresent()) {
      System.out.println("  wrk            not compared: ours is " + refusal.get());
      return false;
    }
    double theirs = (wrk.take() + wrk.take()) / 2;
    Measured last = ours.take();
    refusal = Validity.refusal(last, Figure.THROUGHPUT);
    if (refusal.isPresent()) {
      System.out.println("  wrk            not compared: our second run is " + refusal.get());
      return false;
    }
    double apart = (first.result().perSecond() + last.result().perSecond()) / 2 / theirs - 1;
    boolean agrees = Math.abs(apart) <= Wrk.AGREES_WITHIN;
    System.out.printf(
        Locale.ROOT,
        "  wrk            %.0f requests/s; ours is %+.1f %%, %s the %.0f %% allowed%n",
        theirs,
        100 * apart,
        agrees ? "within" : "beyond",
        100 * Wrk.AGREES_WITHIN);
    return agrees;
  }

  private static String login(URI base) throws IOException, InterruptedException {
    Client.Answer answer =
        new Client(base).post("/login", Map.of(), "{\"username\":\"user\",\"password\":\"pass\"}");
    String token = answer.json().path("token").asText();
    if (token.isEmpty()) {
      throw new UsageException("the demo user cannot log in (" + answer.status()
          + "): give a token by --token, or start the service as a demo");
    }
    return token;
  }
}
