package io.github.scalingtoolkit.todo.run;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.core.settings.Setting;
import io.github.scalingtoolkit.core.settings.SettingsException;
import io.github.scalingtoolkit.core.settings.SettingsSource;
import io.github.scalingtoolkit.queue.cli.QueueCli;
import io.github.scalingtoolkit.todo.cluster.ClusterException;
import io.github.scalingtoolkit.todo.cluster.Supervisor;
import io.github.scalingtoolkit.todo.cluster.WorkerLink;
import io.github.scalingtoolkit.todo.config.SettingsReader;
import io.github.scalingtoolkit.todo.config.TodoSettings;
import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.http.ListenException;
import io.github.scalingtoolkit.todo.jobs.Notifications;
import io.github.scalingtoolkit.todo.logging.Logging;
import io.github.scalingtoolkit.todo.logging.OtherLogs;
import io.github.scalingtoolkit.todo.login.Credentials;
import io.github.scalingtoolkit.todo.login.Users;
import io.github.scalingtoolkit.todo.stores.EmbeddedStores;
import io.github.scalingtoolkit.todo.stores.StoresException;
import io.github.scalingtoolkit.todo.todos.ListWarming;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Starts the service in the role given by the first argument, and ends with the exit codes of the contract: 0 after a
 * signal, 2 for a wrong setting or argument, 3 for an unavailable port or data directory, 1 for anything else.
 *
 * <p>{@link #main} alone ends the JVM; {@link #run} returns the code.
 */
public final class Main {
  private static final String USAGE =
      "usage: [serve|work|cluster [N|max]|healthcheck|warm|print-config|add-user NAME|queue COMMAND];"
          + " without a role it serves and works in one process";
  private static final int WRONG_SETTING = 2;
  private static final int UNAVAILABLE = 3;

  private static final int MOST_WORKERS = 64;

  /** Set before the process ends by itself: only a signal finds it unset. */
  private static volatile boolean exiting;

  /** Set once the supervisor has gone: from then on {@link #onOrphaned} alone ends the process. */
  private static volatile boolean orphaned;

  private final InputStream in;
  private final PrintStream out;
  private final Signals signals;

  private Main(InputStream in, PrintStream out, Signals signals) {
    this.in = in;
    this.out = out;
    this.signals = signals;
  }

  /** Runs until a signal ends it. */
  public static void main(String[] arguments) throws InterruptedException {
    PrintStream err = System.err;
    OtherLogs.takeOver();
    int code = run(
        arguments, SettingsSource.environment(), System.in, System.out, err, new ProcessSignals());
    exiting = true;
    System.exit(code);
  }

  /**
   * Runs the role that {@code arguments} name until it is done or {@code signals} end it, and returns the exit code.
   * Blocks. Sets up the logging of this JVM, which is left so.
   *
   * @param in where it reads a password from, in the role add-user
   * @param out where it prints its addresses and logs
   * @param err where it reports why it cannot run
   * @throws InterruptedException if this thread is interrupted; what had started goes on until {@code signals} end it
   */
  static int run(
      String[] arguments,
      SettingsSource environment,
      InputStream in,
      PrintStream out,
      PrintStream err,
      Signals signals)
      throws InterruptedException {
    try {
      return new Main(in, out, signals).run(arguments, environment, err);
    } catch (Failure failure) {
      leaveToOrphaned();
      err.println(failure.getMessage());
      return failure.exitCode;
    }
  }

  private int run(String[] args, SettingsSource environment, PrintStream err)
      throws InterruptedException {
    boolean operates = args.length > 0 && args[0].equals("queue");
    if (!operates && Stream.of(args).anyMatch(Set.of("-h", "--help", "help")::contains)) {
      out.println(USAGE + ". For settings see docs/settings.md.");
      return 0;
    }
    boolean cluster = args.length > 0 && args[0].equals("cluster");
    boolean addsUser = args.length > 0 && args[0].equals("add-user");
    int most = cluster || addsUser ? 2 : 1;
    if (args.length > most && !operates) {
      throw new Failure(WRONG_SETTING, "too many arguments: " + args.length + ". " + USAGE);
    }
    int workers = cluster ? workers(args.length == 2 ? args[1] : "max") : 0;
    if (addsUser && args.length < 2) {
      throw new Failure(WRONG_SETTING, "add-user needs the name of the user. " + USAGE);
    }
    TodoSettings settings = settings(environment);
    Logging.configure(settings.logFormat(), settings.logLevel(), operates ? err : out);
    if (WorkerLink.find().isEmpty()) {
      settings.hints().forEach(err::println);
    }
    return switch (args.length == 0 ? "" : args[0]) {
      case "" -> run(settings, Role.BOTH);
      case "serve" -> run(settings, Role.SERVE);
      case "work" -> run(settings, Role.WORK);
      case "cluster" -> runCluster(settings, workers);
      case "print-config" -> printConfig(settings);
      case "healthcheck" -> healthcheck(settings);
      case "warm" -> warm(settings);
      case "add-user" -> addUser(settings, args[1]);
      case "queue" -> queue(settings, Arrays.copyOfRange(args, 1, args.length), err);
      default ->
        throw new Failure(WRONG_SETTING, "unknown role '" + printable(args[0]) + "'. " + USAGE);
    };
  }

  private static TodoSettings settings(SettingsSource environment) {
    try {
      return SettingsReader.read(EmbeddedStores.find().isPresent(), environment);
    } catch (SettingsException wrong) {
      throw new Failure(WRONG_SETTING, wrong.getMessage());
    }
  }

  private static int workers(String text) {
    if (text.equals("max")) {
      return Math.min(Runtime.getRuntime().availableProcessors(), MOST_WORKERS);
    }
    if (!text.matches("[1-9][0-9]?") || Integer.parseInt(text) > MOST_WORKERS) {
      throw new Failure(
          WRONG_SETTING,
          "cluster takes a number of processes from 1 to " + MOST_WORKERS
              + ", or max for one per CPU, but got '" + printable(text) + "'. " + USAGE);
    }
    return Integer.parseInt(text);
  }

  private int run(TodoSettings settings, Role role) throws InterruptedException {
    Optional<WorkerLink> supervisor = WorkerLink.find();
    TodoApp app = new TodoApp(settings, role, TodoApp.Sweeping.USUAL, supervisor.isPresent());
    CountDownLatch stopped = stopped(app::stop);
    supervisor.ifPresent(link -> link.follow(() -> onOrphaned(app)));
    started(app::start);
    if (supervisor.isPresent()) {
      supervisor.get().announce(app.port(), app.adminPort());
    } else {
      greet(settings, role.serves(), app::port, app.adminPort());
    }
    stopped.await();
    return 0;
  }

  /** Has {@code stop} run when a signal ends this, and returns what is open once that is done. */
  private CountDownLatch stopped(Runnable stop) {
    CountDownLatch stopped = new CountDownLatch(1);
    signals.onEnd(() -> {
      stop.run();
      stopped.countDown();
    });
    return stopped;
  }

  /** Returns 0 once all lists are in Redis, 1 if some could not be loaded. */
  private int warm(TodoSettings settings) {
    if (settings.cache().timeToLive().isEmpty()) {
      throw new Failure(
          WRONG_SETTING, "warm fills the cache, but CACHE_TTL=off turns the cache off");
    }
    try (Errand<ListWarming> errand = Errand.warming(settings)) {
      ListWarming.Warmed warmed = opened(errand::start).warm();
      out.println("Lists:         " + warmed.loaded() + " loaded into Redis, " + warmed.present()
          + " there already, " + warmed.bypassed() + " not brought there");
      return warmed.bypassed() == 0 ? 0 : 1;
    } catch (StoreException down) {
      throw new Failure(1, "nothing was warmed: " + down.getMessage());
    }
  }

  /** Returns 0 once the user is stored, 1 if the name is taken. */
  private int addUser(TodoSettings settings, String name) {
    Credentials credentials = new Credentials(name, password(name));
    String broken = credentials.broken().stream()
        .map(rule -> rule.field() + " " + rule.message())
        .collect(Collectors.joining("; "));
    if (!broken.isEmpty()) {
      throw new Failure(WRONG_SETTING, "no user was added: " + broken);
    }
    try (Errand<Users> errand = Errand.users(settings)) {
      if (openedBesideNoDemo(errand, settings).add(credentials).isEmpty()) {
        throw new Failure(1, "no user was added: the username " + name + " is taken");
      }
      out.println("User:          " + name + " was added");
      return 0;
    } catch (StoreException down) {
      throw new Failure(1, "no user was added: " + down.getMessage());
    }
  }

  private static Users openedBesideNoDemo(Errand<Users> errand, TodoSettings settings) {
    try {
      return opened(errand::start);
    } catch (Failure failure) {
      if (settings.mongoUri().isEmpty() && failure.exitCode == UNAVAILABLE) {
        throw new Failure(
            UNAVAILABLE,
            failure.getMessage()
                + ". While a demo runs on its own stores, add users by POST /register");
      }
      throw failure;
    }
  }

  /** Operates the queue of the notifications, or another one in the same Redis. */
  private int queue(TodoSettings settings, String[] command, PrintStream err) {
    String url = settings
        .redisUrl()
        .orElseThrow(() -> new Failure(
            WRONG_SETTING, "a demo's own Redis has no address that lasts: set REDIS_URL"));
    try (RedisAccess redis =
        OnRedis.builder(settings, url).deadline(Duration.ofSeconds(5)).build()) {
      return QueueCli.run(command, redis, Notifications.QUEUE, out, err);
    }
  }

  /** Reads the first line of standard input, without showing it where somebody types it. */
  private Secret password(String name) {
    Console console = System.console();
    if (in == System.in && console != null) {
      char[] typed = console.readPassword("Password of %s: ", printable(name));
      return Secret.of(typed == null ? "" : new String(typed));
    }
    try {
      String line =
          new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8)).readLine();
      return Secret.of(line == null ? "" : line);
    } catch (IOException e) {
      throw new Failure(1, "the password cannot be read from standard input: " + e.getMessage());
    }
  }

  private int runCluster(TodoSettings settings, int workers) throws InterruptedException {
    Supervisor supervisor = new Supervisor(settings, workers, Main.class);
    CountDownLatch stopped = stopped(supervisor::stop);
    boolean replaceable = signals.onHangUp(supervisor::replaceWorkers);
    started(supervisor::start);
    greet(settings, true, supervisor::port, supervisor.adminPort());
    out.println(
        "Processes:     " + workers
            + (replaceable
                ? ", replaced one by one on: kill -HUP "
                    + ProcessHandle.current().pid()
                : ", which nothing replaces: SIGHUP is ignored here, as under nohup (docs/cluster.md)"));
    out.println("Performance:   nginx in front of N processes of the role serve is faster than"
        + " this balancer: docs/cluster.md");
    out.flush();
    stopped.await();
    return 0;
  }

  private static void started(Runnable start) {
    opened(() -> {
      start.run();
      return true;
    });
  }

  private static <T> T opened(Supplier<T> start) {
    try {
      return start.get();
    } catch (ClusterException failure) {
      throw new Failure(1, failure.getMessage());
    } catch (StoresException cannot) {
      throw new Failure(cannot.exitCode(), cannot.getMessage());
    } catch (ListenException cannot) {
      String setting = (cannot.server().equals("admin") ? "ADMIN_" : "")
          + (cannot.reason() == ListenException.Reason.PORT ? "PORT" : "HOST");
      throw new Failure(
          cannot.reason() == ListenException.Reason.UNKNOWN_HOST ? WRONG_SETTING : UNAVAILABLE,
          cannot.getMessage() + " It is set by " + setting + ".");
    } catch (IllegalArgumentException wrong) {
      throw new Failure(WRONG_SETTING, wrong.getMessage());
    } catch (RuntimeException other) {
      throw new Failure(
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

  private void greet(TodoSettings settings, boolean serves, IntSupplier port, int adminPort) {
    StringBuilder text = new StringBuilder();
    if (serves) {
      String url = "http://" + shown(settings.web().host()) + ":" + port.getAsInt();
      text.append("Todo service:  ").append(url).append('\n');
      if (settings.demo()) {
        text.append("Try it:        curl -s ")
            .append(url)
            .append(
                "/login -H 'Content-Type: application/json' -d '{\"username\":\"user\",\"password\":\"pass\"}'\n")
            .append("Then:          curl -s ")
            .append(url)
            .append("/api/todos -H 'Authorization: Bearer TOKEN'\n")
            .append("Requests:      ")
            .append(url)
            .append("/openapi.json\n");
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
    out.print(text);
    out.flush();
  }

  private static String shown(String host) {
    return host.equals("0.0.0.0") || host.equals("::")
        ? "localhost"
        : host.contains(":") ? "[" + host + "]" : host;
  }

  private int printConfig(TodoSettings settings) {
    int width = settings.listing().stream()
        .mapToInt(setting -> setting.key().length())
        .max()
        .orElse(0);
    for (Setting setting : settings.listing()) {
      out.printf(
          "%-" + width + "s = %s  # %s (from %s)%n",
          setting.key(),
          setting.value(),
          setting.description(),
          setting.source());
    }
    return 0;
  }

  /** For containers: returns 0 if the process on this machine's admin port is ready, else 1. */
  private static int healthcheck(TodoSettings settings) throws InterruptedException {
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
      if (status != 200) {
        throw new Failure(1, uri + " answered " + status);
      }
      return 0;
    } catch (IOException unreachable) {
      throw new Failure(1, uri + " does not answer");
    }
  }

  private static String printable(String text) {
    return text.replaceAll("[^\\x20-\\x7e]", "?");
  }

  /** A stop caused by the supervisor's end may interrupt a start, or coincide with a signal: it must complete in both cases. */
  private static void leaveToOrphaned() {
    while (orphaned) {
      LockSupport.park();
    }
  }

  /** The reason why a run cannot continue, as shown to its user. */
  private static final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1;

    final int exitCode;

    Failure(int exitCode, @Nullable String message) {
      super(message, null, false, false);
      this.exitCode = exitCode;
    }
  }

  /** The signals of this process, which ends with 0 once it has stopped in order. */
  private static final class ProcessSignals implements Signals {
    @Override
    public void onEnd(Runnable stop) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> stopAndEnd(stop), "stop"));
    }

    /** A JVM ended by a signal exits with 143 or 130; after an orderly stop it exits with 0. */
    private static void stopAndEnd(Runnable stop) {
      if (exiting) {
        return;
      }
      stop.run();
      leaveToOrphaned();
      System.out.flush();
      Runtime.getRuntime().halt(0);
    }

    @Override
    public boolean onHangUp(Runnable replace) {
      SignalHandler before = Signal.handle(
          new Signal("HUP"), hangUp -> new Thread(replace, "replace-workers").start());
      return !before.equals(SignalHandler.SIG_IGN);
    }
  }
}
