package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.auth.KeySource;
import io.github.scalingtoolkit.auth.SigningKey;
import io.github.scalingtoolkit.auth.Subject;
import io.github.scalingtoolkit.auth.TokenIssuer;
import io.github.scalingtoolkit.benchmarks.load.ProcUsage;
import io.github.scalingtoolkit.benchmarks.report.Cache;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** This project's service: the slim jar, with the memory that its image gives it and without rate limits. Safe for use by one thread. */
public final class Service {
  /**
   * What the image's options come to in a container of 256 MiB, which the deployment asks for: at most 60 % of it is heap,
   * of which 8 MiB at the start, as the JVM chooses there, and the collector that they name.
   */
  public static final List<String> JVM_OPTIONS = List.of(
      "-Xms8m",
      "-Xmx154m",
      "-XX:+UseSerialGC",
      "-XX:MaxDirectMemorySize=64m",
      "-XX:+UnlockExperimentalVMOptions",
      "-XX:TrimNativeHeapInterval=5000",
      "-XX:-UsePerfData");

  private static final String SECRET = "signs-the-tokens-of-benchmarks-and-nothing-else";
  private static final Duration LONGEST_START = Duration.ofSeconds(60);

  private final Children children;
  private final Artifacts artifacts;
  private final Stores stores;
  private final Path work;
  private int starts;

  /** Starts services on {@code stores}, with their data directories under {@code work}. */
  public Service(Children children, Artifacts artifacts, Stores stores, Path work) {
    this.children = children;
    this.artifacts = artifacts;
    this.stores = stores;
    this.work = work;
  }

  /** Starts one process, on a database of its own. */
  public Target single(Cache cache, String database) throws IOException, InterruptedException {
    int port = freePort();
    Child child = children.start(
        "single", command(List.of(), List.of()), settings("127.0.0.1", port, cache, database));
    awaitReady(child);
    return target(port, database, List.of(), List.of(child.pid()), List.of(child));
  }

  /**
   * Starts {@code processes} processes under the service's own supervisor.
   *
   * @throws NotRunException if the service has no such role
   */
  public Target cluster(int processes, Cache cache, String database)
      throws IOException, InterruptedException, NotRunException {
    int port = freePort();
    Child child = children.start(
        "cluster",
        command(List.of(), List.of("cluster", Integer.toString(processes))),
        settings("127.0.0.1", port, cache, database));
    try {
      awaitReady(child);
    } catch (IOException ended) {
      children.end(child);
      if (!child.runs() && child.exitCode() == 2) {
        throw new NotRunException("the role cluster ended with exit code 2: " + child.tail());
      }
      throw ended;
    }
    List<Long> workers = new ArrayList<>(ProcUsage.tree(child.pid()));
    workers.remove(child.pid());
    return target(port, database, List.of(child.pid()), workers, List.of(child));
  }

  /**
   * Starts {@code processes} processes behind {@code nginx}.
   *
   * @throws NotRunException if there is no nginx
   */
  Target behind(Nginx nginx, int processes, Cache cache, String database)
      throws IOException, InterruptedException, NotRunException {
    List<Child> running = new ArrayList<>();
    List<Integer> ports = new ArrayList<>();
    for (int i = 0; i < processes; i++) {
      int port = freePort();
      Map<String, String> settings = settings("127.0.0.1", port, cache, database);
      running.add(children.start("behind nginx", command(List.of(), List.of()), settings));
      ports.add(port);
    }
    for (Child child : running) {
      awaitReady(child);
    }
    List<Long> pids = running.stream().map(Child::pid).toList();
    int port = freePort();
    Child front = nginx.start(port, ports);
    running.add(0, front);
    return target(port, database, ProcUsage.tree(front.pid()), pids, running);
  }

  /** Starts {@code count} processes, each in a network namespace of its own behind one address of {@code network}. */
  Target replicas(int count, Cache cache, String database, PodNetwork network)
      throws IOException, InterruptedException, NotRunException {
    Replicas replicas = startReplicas(count, cache, database, network);
    return first(count, replicas, replicas.pods());
  }

  /** Processes in network namespaces of their own, and their addresses. */
  record Replicas(List<Child> pods, List<String> addresses, String database, PodNetwork network) {}

  /** Starts {@code count} of them. */
  Replicas startReplicas(int count, Cache cache, String database, PodNetwork network)
      throws IOException, InterruptedException, NotRunException {
    List<Child> pods = new ArrayList<>();
    List<String> addresses = new ArrayList<>();
    network.reachStores(List.of(stores.mongoPort(), stores.redisUrl().getPort()));
    for (int i = 0; i < count; i++) {
      Map<String, String> settings = settings(PodNetwork.GATEWAY, PodNetwork.PORT, cache, database);
      settings.put("HOST", "0.0.0.0");
      Child pod = children.start("replica", command(PodNetwork.IN_A_POD, List.of()), settings);
      pods.add(pod);
      addresses.add(network.plug(pod.pid()));
      pod.input().write('\n');
      pod.input().flush();
    }
    for (Child pod : pods) {
      awaitReady(pod);
    }
    return new Replicas(pods, addresses, database, network);
  }

  /** Returns the first {@code count} of {@code replicas} behind an address of their own; it ends {@code owned}. */
  Target first(int count, Replicas replicas, List<Child> owned)
      throws IOException, InterruptedException, NotRunException {
    return target(
        replicas.network().balance(replicas.addresses().subList(0, count)),
        replicas.database(),
        List.of(),
        replicas.pods().subList(0, count).stream().map(Child::pid).toList(),
        owned);
  }

  private Target target(
      int port, String database, List<Long> front, List<Long> pids, List<Child> running) {
    return target(URI.create("http://127.0.0.1:" + port), database, front, pids, running);
  }

  private Target target(
      URI url, String database, List<Long> front, List<Long> pids, List<Child> running) {
    return new Target(
        url,
        token("user123"),
        token("another-user"),
        database,
        List.copyOf(front),
        List.copyOf(pids),
        Jobs.Queue.OURS,
        stores.redisUrl(),
        running.stream().<Runnable>map(child -> () -> children.end(child)).toList());
  }

  private List<String> command(List<String> before, List<String> role) {
    List<String> command = new ArrayList<>(before);
    command.add(artifacts.java());
    command.addAll(JVM_OPTIONS);
    command.addAll(List.of("-jar", artifacts.slimJar().toString()));
    command.addAll(role);
    return command;
  }

  private Map<String, String> settings(String storesHost, int port, Cache cache, String database)
      throws IOException {
    starts++;
    Map<String, String> settings = new HashMap<>(Map.of(
        "APP_ENV",
        "production",
        "HOST",
        "127.0.0.1",
        "PORT",
        Integer.toString(port),
        "ADMIN_HOST",
        "127.0.0.1",
        "ADMIN_PORT",
        Integer.toString(freePort()),
        "MONGO_URI",
        stores.mongoUri(storesHost, database),
        "REDIS_URL",
        stores.redisUrl(storesHost),
        "JWT_SECRET",
        SECRET,
        "DATA_DIR",
        work.resolve("service-" + starts).toString(),
        "LOG_LEVEL",
        "warn"));
    settings.put("RATE_LIMIT", "off");
    settings.putAll(cache.settings());
    return settings;
  }

  private static void awaitReady(Child child) throws IOException, InterruptedException {
    // It greets with its addresses once it is ready.
    child.awaitLine(line -> line.startsWith("Admin port:") ? line : null, LONGEST_START);
  }

  private static String token(String user) {
    return TokenIssuer.builder()
        .issuer("todo-api")
        .audience("todo-api")
        .keys(KeySource.of(SigningKey.hs256(SECRET).forIssuer("todo-api")))
        .timeToLive(Duration.ofHours(12))
        .build()
        .issue(Subject.of(user))
        .value();
  }

  /** Returns a port that is free now. */
  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
