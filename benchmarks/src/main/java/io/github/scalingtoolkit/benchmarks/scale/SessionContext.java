package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.benchmarks.report.Cache;
import io.github.scalingtoolkit.benchmarks.verify.Client;
import io.github.scalingtoolkit.benchmarks.verify.Contract;
import io.github.scalingtoolkit.benchmarks.verify.Level;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What a session starts rows with: the stores that all of them use, and what makes each kind of row. */
final class SessionContext {
  private static final int ENDED_BY_SIGNAL = 130;
  /** With this a peer's start command says that the machine lacks something, such as a JDK. */
  private static final int LACKS_SOMETHING = 69;

  private static final String PEER_SECRET = "signs-the-tokens-of-a-peer-and-nothing-else";
  private static final Duration LONGEST_START = Duration.ofSeconds(60);
  /** A Redis has 16 databases; the first is the service's. */
  private static final int PEER_DATABASES = 15;

  final Artifacts artifacts;
  final Children children;
  final Stores stores;
  final Service service;
  final Nginx nginx;
  final Floor floor;
  private final Map<String, Peer> peers = new HashMap<>();
  private final Set<String> verified = new HashSet<>();
  private @Nullable PodNetwork pods;
  private int peersStarted;

  SessionContext(Artifacts artifacts, Children children, Stores stores, Path work)
      throws IOException {
    this.artifacts = artifacts;
    this.children = children;
    this.stores = stores;
    service = new Service(children, artifacts, stores, work);
    floor = new Floor(children, artifacts, work);
    nginx = new Nginx(children, artifacts, work);
    for (Peer peer : Peer.all(artifacts.peers())) {
      peers.put(peer.name(), peer);
    }
  }

  /** A session's work, once the stores run. */
  interface Session {
    /** Returns the exit code. */
    int run(SessionContext context) throws IOException, InterruptedException;
  }

  /**
   * Runs a session in a network namespace of its own if that is permitted, which means in a process of its own.
   *
   * @param words the command line, to be run again in there
   * @param peers the names of the peers that it needs, which are built first
   * @return the exit code: 1 if something is missing that all rows need
   */
  static int run(List<String> words, List<String> peers, Session session)
      throws IOException, InterruptedException {
    Artifacts artifacts;
    try {
      artifacts = Artifacts.find();
    } catch (NotRunException missing) {
      System.err.println("NOT RUN: " + missing.getMessage());
      return 1;
    }
    if (!PrivateNetwork.inside()) {
      for (Peer peer : Peer.all(artifacts.peers())) {
        if (peers.contains(peer.name())) {
          peer.build(artifacts.built());
        }
      }
      Optional<Integer> code = PrivateNetwork.run(new ArrayList<>(words));
      if (code.isPresent()) {
        return code.get();
      }
    }
    Path work = Files.createTempDirectory("benchmarks-");
    System.out.println("what the processes print is in " + work);
    int code;
    try (Children children = new Children(work)) {
      code = run(session, artifacts, children, work);
    }
    if (code == 0) {
      delete(work);
    }
    return code;
  }

  private static int run(Session session, Artifacts artifacts, Children children, Path work)
      throws IOException, InterruptedException {
    try {
      Stores stores = Stores.start(children, artifacts, work.resolve("stores"));
      return session.run(new SessionContext(artifacts, children, stores, work));
    } catch (IOException | RuntimeException failure) {
      if (children.ending()) {
        // A signal has ended what this spoke to: that is no failure to tell of.
        return ENDED_BY_SIGNAL;
      }
      throw failure;
    }
  }

  /** Returns the network of replicas, made the first time. */
  PodNetwork pods() throws IOException, InterruptedException, NotRunException {
    if (pods == null) {
      pods = new PodNetwork();
    }
    return pods;
  }

  /**
   * Returns the peer of this name.
   *
   * @throws NotRunException if there is none
   */
  Peer peer(String name) throws NotRunException {
    @Nullable Peer peer = peers.get(name);
    if (peer == null) {
      throw new NotRunException("there is no benchmarks/peers/*/peer.json with this name");
    }
    return peer;
  }

  /**
   * Starts a peer on a database of its own, in MongoDB and in Redis. The first time it must keep the tutorial's part of
   * the contract.
   *
   * @throws NotRunException if something is missing for it
   * @throws IOException if it does not start, or breaks the contract
   */
  Target startPeer(String name, String database)
      throws IOException, InterruptedException, NotRunException {
    Peer peer = peer(name);
    Optional<String> obstacle = peer.obstacle(artifacts.built());
    if (obstacle.isPresent()) {
      throw new NotRunException(obstacle.get());
    }
    if (!verified.contains(name)) {
      try (Target target = start(peer, "verify-" + name)) {
        List<String> broken = broken(target, Level.TUTORIAL);
        if (!broken.isEmpty()) {
          throw new IOException("it breaks the contract: " + String.join("; ", broken));
        }
      }
      verified.add(name);
    }
    return start(peer, database);
  }

  private Target start(Peer peer, String database)
      throws IOException, InterruptedException, NotRunException {
    int port = Service.freePort();
    String redis = stores.redisUrl(1 + peersStarted++ % PEER_DATABASES);
    Map<String, String> environment = new HashMap<>(peer.environment());
    environment.put("PORT", Integer.toString(port));
    environment.put("HOST", "127.0.0.1");
    environment.put("MONGO_URI", stores.mongoUri("127.0.0.1", database));
    environment.put("REDIS_URL", redis);
    environment.put("JWT_SECRET", PEER_SECRET);
    Child child = children.start(peer.name(), peer.start(), environment, peer.directory());
    URI url = URI.create("http://127.0.0.1:" + port);
    try {
      awaitHealth(child, url);
    } catch (IOException failed) {
      children.end(child);
      if (!child.runs() && child.exitCode() == LACKS_SOMETHING) {
        throw new NotRunException(child.tail());
      }
      throw failed;
    }
    String token = new Client(url)
        .post("/login", Map.of(), "{\"username\":\"user\",\"password\":\"pass\"}")
        .json()
        .path("token")
        .asText();
    List<Long> workers =
        new ArrayList<>(io.github.scalingtoolkit.benchmarks.load.ProcUsage.tree(child.pid()));
    workers.remove(child.pid());
    return new Target(
        url,
        token,
        Tokens.ofAnother(token, "user123", "another-user", PEER_SECRET),
        database,
        workers.isEmpty() ? List.of() : List.of(child.pid()),
        workers.isEmpty() ? List.of(child.pid()) : List.copyOf(workers),
        peer.queue(),
        URI.create(redis),
        List.of(() -> children.end(child)));
  }

  private static void awaitHealth(Child child, URI url) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + LONGEST_START.toNanos();
    Client client = new Client(url);
    while (true) {
      try {
        if (client.get("/api/health", Map.of()).status() == 200) {
          return;
        }
      } catch (IOException notYet) {
        // It is starting.
      }
      if (!child.runs()) {
        throw new IOException("it ended with exit code " + child.exitCode() + ": " + child.tail());
      }
      if (System.nanoTime() - deadline > 0) {
        throw new IOException("it did not answer /api/health within " + LONGEST_START.toSeconds()
            + " s: " + child.tail());
      }
      Thread.sleep(50);
    }
  }

  /** Returns how the service breaks the contract, if it does: what does not keep it is not measured. */
  List<String> brokenByService() throws IOException, InterruptedException {
    try (Target target = service.single(Cache.L1_L2, "todoapp")) {
      return broken(target, Level.FULL);
    }
  }

  private static List<String> broken(Target target, Level level) throws InterruptedException {
    return Contract.check(new Client(target.url()), "user", "pass", level).stream()
        .filter(outcome -> !outcome.kept())
        .map(outcome -> outcome.what() + ": " + outcome.problem())
        .toList();
  }

  /** After a session that went well; of any other, what the processes printed is worth reading. */
  private static void delete(Path directory) throws IOException {
    List<Path> files;
    try (Stream<Path> found = Files.walk(directory)) {
      files = found.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
  }
}
