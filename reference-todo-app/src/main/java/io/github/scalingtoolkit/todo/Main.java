package io.github.scalingtoolkit.todo;

import io.github.scalingtoolkit.core.settings.Setting;
import io.github.scalingtoolkit.core.settings.SettingsException;
import io.github.scalingtoolkit.todo.api.ListWarming;
import io.github.scalingtoolkit.todo.cluster.ClusterException;
import io.github.scalingtoolkit.todo.cluster.Supervisor;
import io.github.scalingtoolkit.todo.cluster.WorkerLink;
import io.github.scalingtoolkit.todo.config.SettingsReader;
import io.github.scalingtoolkit.todo.config.TodoSettings;
import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.http.ListenException;
import io.github.scalingtoolkit.todo.logging.Logging;
import io.github.scalingtoolkit.todo.stores.EmbeddedStores;
import io.github.scalingtoolkit.todo.stores.StoresException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import sun.misc.Signal;

/**
 * Starts the service in the role given by the first argument, and ends with the exit codes of the contract: 0 after a
 * signal, 2 for a wrong setting or argument, 3 for an unavailable port or data directory, 1 for anything else.
 */
public final class Main {
  private static final String USAGE =
      "usage: [serve|work|cluster [N|max]|healthcheck|warm|print-config];"
          + " without a role it serves and works in one process";
  private static final int WRONG_SETTING = 2;
  private static final int UNAVAILABLE = 3;

  private static final int MOST_WORKERS = 64;

  /** Set by code that ends the process on purpose: only a signal finds it unset. */
  private static volatile boolean exiting;

  /** Set once the supervisor has gone: from then on only {@link #onOrphaned} ends the process. */
  private static volatile boolean orphaned;

  private Main() {}

  /** Runs until a signal ends it. */
  public static void main(String[] args) throws InterruptedException {
    if (Stream.of(args).anyMatch(Set.of("-h", "--help", "help")::contains)) {
      System.out.println(USAGE + ". For settings see docs/settings.md.");
      exit(0);
    }
    boolean cluster = args.length > 0 && args[0].equals("cluster");
    int most = cluster ? 2 : 1;
    if (args.length > most) {
      fail(WRONG_SETTING, "too many arguments: " + args.length + ". " + USAGE);
    }
    int workers = cluster ? workers(args.length == 2 ? args[1] : "max") : 0;
    TodoSettings settings = settings();
    Logging.configure(settings.logFormat(), settings.logLevel());
    if (WorkerLink.find().isEmpty()) {
      settings.hints().forEach(System.err::println);
    }
    switch (args.length == 0 ? "" : args[0]) {
      case "" -> run(settings, Role.BOTH);
      case "serve" -> run(settings, Role.SERVE);
      case "work" -> run(settings, Role.WORK);
      case "cluster" -> runCluster(settings, workers);
      case "print-config" -> printConfig(settings);
      case "healthcheck" -> healthcheck(settings);
      case "warm" -> warm(settings);
      default -> fail(WRONG_SETTING, "unknown role '" + printable(args[0]) + "'. " + USAGE);
    }
  }

  private static TodoSettings settings() {
    try {
      return SettingsReader.read(EmbeddedStores.find().isPresent());
    } catch (SettingsException wrong) {
      fail(WRONG_SETTING, wrong.getMessage());
      throw wrong;
    }
  }

  private static int workers(String text) {
    if (text.equals("max")) {
      return Math.min(Runtime.getRuntime().availableProcessors(), MOST_WORKERS);
    }
    if (!text.matches("[1-9][0-9]?") || Integer.parseInt(text) > MOST_WORKERS) {
      fail(
          WRONG_SETTING,
          "cluster takes a number of processes from 1 to " + MOST_WORKERS
              + ", or max for one per CPU, but got '" + printable(text) + "'. " + USAGE);
    }
    return Integer.parseInt(text);
  }

  private static void run(TodoSettings settings, Role role) throws InterruptedException {
    Optional<WorkerLink> supervisor = WorkerLink.find();
    TodoApp app = new TodoApp(settings, role, TodoApp.Sweeping.USUAL, supervisor.isPresent());
    Runtime.getRuntime().addShutdownHook(new Thread(() -> onSignal(app::stop), "stop"));
    supervisor.ifPresent(link -> link.follow(() -> onOrphaned(app)));
    started(app::start);
    if (supervisor.isPresent()) {
      supervisor.get().announce(app.port(), app.adminPort());
    } else {
      greet(settings, role.serves(), app::port, app.adminPort());
    }
    new CountDownLatch(1).await();
  }

  /** Ends with 0 once all lists are in Redis, with 1 if some could not be loaded. */
  private static void warm(TodoSettings settings) {
    if (settings.cache().timeToLive().isEmpty()) {
      fail(WRONG_SETTING, "warm fills the cache, but CACHE_TTL=off turns the cache off");
    }
    TodoApp app = new TodoApp(settings, Role.WARM);
    started(app::start);
    try {
      ListWarming.Warmed warmed = app.warm();
      System.out.println("Lists:         " + warmed.loaded() + " loaded into Redis, "
          + warmed.present() + " there already, " + warmed.bypassed() + " not brought there");
      app.stop();
      exit(warmed.bypassed() == 0 ? 0 : 1);
    } catch (StoreException down) {
      app.stop();
      fail(1, "nothing was warmed: " + down.getMessage());
    }
  }

  private static void runCluster(TodoSettings settings, int workers) throws InterruptedException {
    Supervisor supervisor = new Supervisor(settings, workers, Main.class);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> onSignal(supervisor::stop), "stop"));
    Signal.handle(
        new Signal("HUP"),
        hangUp -> new Thread(supervisor::replaceWorkers, "replace-workers").start());
    started(supervisor::start);
    greet(settings, true, supervisor::port, supervisor.adminPort());
    System.out.println("Processes:     " + workers + ", replaced one by one on: kill -HUP "
        + ProcessHandle.current().pid());
    System.out.println(
        "Performance:   nginx in front of N processes of the role serve is faster than"
            + " this balancer: docs/cluster.md");
    System.out.flush();
    new CountDownLatch(1).await();
  }

  private static void started(Runnable start) {
    try {
      start.run();
    } catch (ClusterException failure) {
      fail(1, failure.getMessage());
    } catch (StoresException cannot) {
      fail(cannot.exitCode(), cannot.getMessage());
    } catch (ListenException cannot) {
      String setting = (cannot.server().equals("admin") ? "ADMIN_" : "")
          + (cannot.reason() == ListenException.Reason.PORT ? "PORT" : "HOST");
      fail(
          cannot.reason() == ListenException.Reason.UNKNOWN_HOST ? WRONG_SETTING : UNAVAILABLE,
          cannot.getMessage() + " It is set by " + setting + ".");
    } catch (IllegalArgumentException wrong) {
      fail(WRONG_SETTING, wrong.getMessage());
    } catch (RuntimeException other) {
      fail(
          1,
          "the service could not be started: " + other.getClass().getName() + ": "
              + other.getMessage());
    }
  }

  /** Without its supervisor a worker gets no requests. */
  private static void onOrphaned(TodoApp app) {
    orphaned = true;
    app.stop();
    Runtime.getRuntime().halt(1);
  }

  /** A JVM ended by a signal exits with 143 or 130: after an orderly stop it exits with 0. */
  private static void onSignal(Runnable stop) {
    if (exiting) {
      return;
    }
    stop.run();
    leaveToOrphaned();
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }

  private static void greet(
      TodoSettings settings, boolean serves, IntSupplier port, int adminPort) {
    StringBuilder text = new StringBuilder();
    if (serves) {
      String url = "http://" + shown(settings.web().host()) + ":" + port.getAsInt();
      text.append("Todo service:  ").append(url).append('\n');
      if (settings.demo()) {
        text.append("Try it:        curl -s ")
            .append(url)
            .append(
                "/login -H 'Content-Type: application/json' -d '{\"username\":\"user\",\"password\":\"pass\"}'\n");
      }
    }
    text.append("Admin port:    http://")
        .append(shown(settings.web().adminHost()))
        .append(':')
        .append(adminPort)
        .append("/readyz\n");
    if (settings.demo()) {
      text.append("Data:          ")
          .append(settings.dataDirectory().toAbsolutePath())
          .append('\n');
    }
    System.out.print(text);
    System.out.flush();
  }

  private static String shown(String host) {
    return host.equals("0.0.0.0") || host.equals("::")
        ? "localhost"
        : host.contains(":") ? "[" + host + "]" : host;
  }

  private static void printConfig(TodoSettings settings) {
    int width = settings.listing().stream()
        .mapToInt(setting -> setting.key().length())
        .max()
        .orElse(0);
    for (Setting setting : settings.listing()) {
      System.out.printf(
          "%-" + width + "s = %s  # %s (from %s)%n",
          setting.key(),
          setting.value(),
          setting.description(),
          setting.source());
    }
    exit(0);
  }

  /** For containers: exits with 0 if the process on this machine's admin port is ready, else with 1. */
  private static void healthcheck(TodoSettings settings) throws InterruptedException {
    String host = shown(settings.web().adminHost());
    URI uri = URI.create("http://" + host + ":" + settings.web().adminPort() + "/readyz");
    try {
      int status = HttpClient.newBuilder()
          .connectTimeout(Duration.ofSeconds(2))
          .build()
          .send(
              HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(3)).build(),
              BodyHandlers.discarding())
          .statusCode();
      if (status == 200) {
        exit(0);
      }
      fail(1, uri + " answered " + status);
    } catch (IOException unreachable) {
      fail(1, uri + " does not answer");
    }
  }

  private static String printable(String text) {
    return text.replaceAll("[^\\x20-\\x7e]", "?");
  }

  private static void fail(int code, @Nullable String message) {
    leaveToOrphaned();
    System.err.println(message);
    exit(code);
  }

  private static void exit(int code) {
    exiting = true;
    System.exit(code);
  }

  /** A stop caused by the supervisor's end may interrupt a start, or coincide with a signal: it must complete in both cases. */
  private static void leaveToOrphaned() {
    while (orphaned) {
      LockSupport.park();
    }
  }
}
