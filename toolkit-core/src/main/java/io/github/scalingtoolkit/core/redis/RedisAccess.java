package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.Action;
import io.github.scalingtoolkit.core.ActionOn;
import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.guard.RejectedException.Reason;
import io.github.scalingtoolkit.core.internal.Check;
import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultRedisCredentials;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.RedisCredentials;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.util.Pool;

/**
 * A process' access to one Redis: a client for commands, one for blocking commands, and a breaker per node.
 *
 * <p><b>Cost of a call while Redis is failing.</b> Each command ends within the deadline (100 ms by default); a reply that
 * keeps arriving on a connection of its own is read to its end.
 * Once half of the last 10 calls to a node have failed, 5 at least, every further call to it is refused at once with
 * {@link RejectedException}. A background loop then probes the node, every 0.5 s to 5 s; when it answers, the
 * {@linkplain #onRecovery recovery steps} run, and only then do calls pass again. No caller ever pays for a try.
 *
 * <p><b>What counts</b>: only failures of a node: refused, silent, loading, down ({@link RedisFailure#NODE}). Answers of
 * Redis about a command (OOM, READONLY, MISCONF, WRONGTYPE) or rights, and failures caused by this process (no free
 * connection, the caller's own deadline, a payload that is still on its way when its time is over) open no breaker. On a cluster each node has a breaker, and one bad node does not
 * affect calls to the others; redirections and second tries of a call are within its deadline.
 *
 * <p><b>Callers with an earlier deadline.</b> If a thread has an earlier {@link Deadline}, the wait for a reply
 * ends then. A time-out caused by it does not count against Redis, if it left the call less than
 * half of the deadline.
 *
 * <p><b>Payloads.</b> Commands of more than 64 KiB, and scripts run by {@link #evalPayload}, have their own connections and
 * breakers, and time for their bytes: the deadline plus 1 ms for each 10 KB. A reply that nobody expected to be so large has
 * the time for what has arrived; after twice its time it is cut off, and the next command like it is known to bring much.
 *
 * <p><b>Lost connections.</b> A call on a connection that the server has closed fails without having been answered.
 * {@link #eval} and {@link #callIdempotent} then try once more on a new connection, so that callers do not notice a
 * restarted Redis; {@link #call} does not, because only its caller knows whether it may. A connection that was idle for more than
 * a second is tested by PING before it is used; after a READONLY reply the connection is closed, and so are the idle
 * ones.
 *
 * <p>Safe for use by several threads. An access made by {@code open} or {@code builder} owns its connections: close it.
 * One made by {@code wrap} leaves them to you; closing it ends only the loop.
 */
public final class RedisAccess implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RedisAccess.class);
  private static final Duration DEFAULT_DEADLINE = Duration.ofMillis(100);
  private static final Duration SHORTEST_DEADLINE = Duration.ofMillis(1);
  private static final Duration LONGEST_DEADLINE = Duration.ofMinutes(1);
  private static final Duration HEARTBEAT = Duration.ofSeconds(1);

  private final String name;
  private final String description;
  private final @Nullable RedisSettings origin;
  private final boolean cluster;

  private final Opening opening;
  private final LazyClient<Clients> commands;
  private final @Nullable LazyClient<Clients> blocking;
  private final boolean owned;

  private final RefusedWrites refusedWrites;
  private final Breakers breakers;
  private final Attempts attempts;
  private final Clock clock;
  private final Subscriptions subscriptions;
  private final AtomicBoolean closed = new AtomicBoolean();

  private RedisAccess(
      String name,
      String description,
      @Nullable RedisSettings origin,
      boolean cluster,
      Opening opening,
      Clock clock) {
    this.name = name;
    this.description = description;
    this.origin = origin;
    this.cluster = cluster;
    this.owned = origin != null;
    this.opening = opening;
    this.clock = clock;
    breakers = new Breakers(name, description, cluster, owned, clock);
    commands = opening.commands(breakers.nodes(), breakers.payloads());
    blocking = opening.blocking();
    attempts = new Attempts(breakers.access(), commands, origin == null ? null : origin.deadline());
    subscriptions = blocking != null && owned
        ? ownSubscriptions(blocking)
        : Subscriptions.through(this::blocking, HEARTBEAT, clock, name);
    refusedWrites = opening.refusedWrites();
    breakers.start(commands, attempts, refusedWrites);
  }

  private Subscriptions ownSubscriptions(LazyClient<Clients> held) {
    return new Subscriptions(
        () -> Map.copyOf(held.get().pools().get()),
        () -> {
          ClusterNodes nodes = held.get().nodes();
          if (nodes != null) {
            nodes.refresh();
          }
        },
        HEARTBEAT,
        clock,
        name);
  }

  /**
   * Connects to the Redis at {@code url} with the defaults. Opening does not fail when Redis is down: calls fail, until it
   * is up.
   *
   * @param url one of the forms of {@link RedisUrl}
   * @throws IllegalArgumentException if the URL has none of them
   */
  public static RedisAccess open(String url) {
    return builder(url).build();
  }

  /** Starts to build an access with other bounds; see {@link #open}. */
  public static Builder builder(String url) {
    return new Builder(RedisUrl.parse(url));
  }

  /**
   * Uses an existing client, only for commands. It is not changed: its timeouts and pool are yours. Without a second one
   * for blocking, queue workers and first-level caches are not available, because they hold connections and would drain
   * this client's pool.
   *
   * @throws IllegalArgumentException if it leads to several Redis (a MultiDbClient), or it cannot be told whether it is of
   *     a cluster
   */
  public static RedisAccess wrap(UnifiedJedis commands) {
    return wrapped(commands, null);
  }

  /**
   * Uses two existing clients: one for commands and one whose connections may be held for long (BZPOPMIN, SUBSCRIBE).
   *
   * @throws IllegalArgumentException if both are the same, if one is of a cluster and the other is not, or as
   *     {@link #wrap(UnifiedJedis)} says
   */
  public static RedisAccess wrap(UnifiedJedis commands, UnifiedJedis blocking) {
    if (commands == blocking) {
      throw new IllegalArgumentException(
          "commands and blocking must be two clients: what blocks would drain the pool of"
              + " what must not wait");
    }
    return wrapped(commands, blocking);
  }

  private static RedisAccess wrapped(UnifiedJedis commands, @Nullable UnifiedJedis blocking) {
    boolean cluster = WrappedClient.isCluster(commands);
    if (blocking != null && WrappedClient.isCluster(blocking) != cluster) {
      throw new IllegalArgumentException(
          "commands and blocking must lead to the same Redis but are a "
              + commands.getClass().getSimpleName() + " and a "
              + blocking.getClass().getSimpleName());
    }
    LazyClient<Clients> own = wrapped(commands);
    LazyClient<Clients> held = blocking == null ? null : wrapped(blocking);
    return new RedisAccess(
        "redis", "a client of yours", null, cluster, new Opening.Given(own, held), Clock.system());
  }

  private static LazyClient<Clients> wrapped(UnifiedJedis client) {
    return LazyClient.of(Clients.plain(client, null, () -> NodePools.of(client)));
  }

  /**
   * Returns another access to the same Redis, with its own breaker: for calls that need tighter bounds than the
   * rest, or must not be cut off with it. It has its own connections and is built like this one
   * otherwise, but connects within the deadline; with a wrapped client it shares that client and its time-outs.
   * Close it separately.
   *
   * @param name its name in messages, logs, metrics and Redis' client list
   * @param deadline bounds each command: 1 ms to 1 min
   */
  public RedisAccess sibling(String name, Duration deadline) {
    return origin == null
        ? new RedisAccess(
            name, description, null, cluster, new Opening.Given(commands, blocking), clock)
        : opened(origin.sibling(Check.name("name", name), bounded("deadline", deadline)));
  }

  /**
   * Returns the raw client for commands: no breaker, no retry.
   *
   * @throws redis.clients.jedis.exceptions.JedisException if a cluster or a sentinel has not been reached yet
   */
  public UnifiedJedis commands() {
    return commands.get().raw();
  }

  /** Tells whether {@link #blocking()} and {@link #subscribe} can be used. */
  public boolean hasBlocking() {
    return blocking != null;
  }

  /**
   * Returns the client for commands that block in the server. Its pool is apart from that of {@link #commands()}, and it
   * waits for a reply for up to 30 s, so let no command block for longer than 25 s.
   *
   * @throws IllegalStateException if this access wraps a single client
   * @throws redis.clients.jedis.exceptions.JedisException if a cluster or a sentinel has not been reached yet
   */
  public UnifiedJedis blocking() {
    if (blocking == null) {
      throw new IllegalStateException(
          "this RedisAccess wraps one client, and queue workers and first-level caches hold"
              + " connections: use RedisAccess.wrap(commands, blocking) with a second client, or RedisAccess.open(url)");
    }
    return blocking.get().raw();
  }

  /**
   * Returns the breaker, for its state and its changes. On a cluster it is for reaching the cluster at all, and each
   * node has its own: see {@link #guards()}.
   */
  public Guard guard() {
    return breakers.access();
  }

  /**
   * Returns all current breakers: that of {@link #guard()}, those of a cluster's nodes, and those for payloads. A
   * node's breaker is created when the node is first called and dropped when it leaves the cluster.
   */
  public List<Guard> guards() {
    return breakers.all();
  }

  /**
   * Calls {@code listener} with each breaker there is, and with each that is made later, on the thread that made it: for
   * metrics and alerts. Its exceptions fail that call.
   */
  public void onGuard(Consumer<Guard> listener) {
    breakers.onEach(listener);
  }

  /** Calls {@code farewell} with each breaker that is dropped from now on, as its node has left the cluster. */
  void onGuardGone(Consumer<Guard> farewell) {
    breakers.onGone(farewell);
  }

  /** Returns the name of this access in messages, logs and metrics. */
  String name() {
    return name;
  }

  /** Returns the clock by which this access measures time: for {@link ChannelSubscription#liveAt}. */
  public Clock clock() {
    return clock;
  }

  /** Tells whether calls to every node pass, as far as is known now: no breaker is open. */
  public boolean isWell() {
    return breakers.allClosed();
  }

  /** Tells whether keys are spread over the slots of a cluster. */
  public boolean isCluster() {
    return cluster;
  }

  /** Returns the address, without password. */
  public String description() {
    return description;
  }

  /**
   * Explains a failure of this access, for logs and health checks: the address, without password, and the
   * cause, as far as it is known. While the breaker refuses calls, that is the cause of the last failure.
   */
  public String explain(Throwable failure) {
    String last = failure instanceof RejectedException rejected && rejected.reason() == Reason.OPEN
        ? guard().lastFailure()
        : null;
    return "Redis at " + description + " " + (last == null ? RedisFailures.reason(failure) : last);
  }

  /**
   * Runs commands under the breaker, once, and returns the result. Exceptions of the action pass through, checked
   * ones too.
   *
   * @throws RejectedException at once, while Redis is failing: nothing was sent
   * @throws NoConnectionException if no connection was free in time: nothing was sent
   * @throws redis.clients.jedis.exceptions.JedisException if it failed; whether a command took effect is unknown
   * @throws IllegalArgumentException for a command that waits in the server: that is for {@link #blocking()}
   */
  public <T extends @Nullable Object, E extends Exception> T call(
      ActionOn<UnifiedJedis, T, E> action) throws E {
    return attempts.guarded(() -> action.run(commands.get().once()));
  }

  /** As {@link #call}, for an action without a result. */
  public <E extends Exception> void run(ActionOn.Effect<UnifiedJedis, E> action) throws E {
    call(client -> {
      action.run(client);
      return Boolean.TRUE;
    });
  }

  /**
   * As {@link #call}, for actions that may run twice: one that lost its connection is tried once more.
   */
  public <T extends @Nullable Object, E extends Exception> T callIdempotent(
      ActionOn<UnifiedJedis, T, E> action) throws E {
    return attempts.guarded(() -> attempts.retryOnce(action));
  }

  /** As {@link #callIdempotent}, for an action without a result. */
  public <E extends Exception> void runIdempotent(ActionOn.Effect<UnifiedJedis, E> action)
      throws E {
    callIdempotent(client -> {
      action.run(client);
      return Boolean.TRUE;
    });
  }

  /**
   * Pings Redis, on a cluster each master, through the breakers: for a health check. One round trip per
   * node.
   *
   * @throws RejectedException at once, while a node is failing
   * @throws redis.clients.jedis.exceptions.JedisException if a node does not answer, or refuses
   */
  public void ping() {
    Clients clients = commands.get();
    ClusterNodes nodes = clients.nodes();
    if (nodes == null) {
      run(UnifiedJedis::ping);
      return;
    }
    for (String master : nodes.getPrimaryNodes().keySet()) {
      HostAndPort node = HostAndPort.from(master);
      breakers.nodes().apply(node).run(() -> {
        try (Connection connection = nodes.pool(node).getResource()) {
          ClusterHealth.require(connection);
        }
      });
    }
  }

  /**
   * Runs a script under the breaker, by its SHA-1; a server that does not know it yet is sent the source. Tried once
   * more if its connection was lost, since scripts are retry-safe. One round trip, two where the source was needed.
   *
   * @param keys its KEYS: on a cluster all in one slot, and at least one
   * @return the raw reply: {@code Long}, {@code byte[]}, {@code List<Object>} or null
   * @throws RejectedException at once, while Redis is failing
   * @throws redis.clients.jedis.exceptions.JedisException if it failed; whether it ran is unknown unless it is a
   *     {@link JedisDataException}
   */
  // A script may answer nil, and NullAway takes T for what is never null.
  @SuppressWarnings("NullAway")
  public @Nullable Object eval(LuaScript script, List<byte[]> keys, List<byte[]> args) {
    return wholly(() ->
        attempts.guarded(() -> attempts.retryOnce(client -> evalRaw(client, script, keys, args))));
  }

  /**
   * As {@link #eval}, for a script with large arguments or replies: a claim of jobs, a bulk enqueue, a large value. It has
   * its own connections and breaker, so that it does not affect short commands, and as much time as its bytes need: the
   * deadline plus 1 ms for each 10 KB that is sent or expected. With a wrapped client it runs as {@link #eval} does.
   *
   * @param replyBytes the approximate size of its reply in bytes; 0 or more
   * @throws IllegalArgumentException if {@code replyBytes} is negative
   */
  // A script may answer nil, and NullAway takes T for what is never null.
  @SuppressWarnings("NullAway")
  public @Nullable Object evalPayload(
      LuaScript script, List<byte[]> keys, List<byte[]> args, int replyBytes) {
    if (replyBytes < 0) {
      throw new IllegalArgumentException("replyBytes must be >= 0 but was " + replyBytes);
    }
    Clients.Payloads payloads = attempts.guarded(() -> commands.get().payloads());
    return payloads == null
        ? eval(script, keys, args)
        : Attempts.unwrapped(() -> attempts.retryOnce(
            client -> Scripts.payload(payloads, script, keys, args, replyBytes)));
  }

  /**
   * Runs several scripts in one round trip under the breaker; on a cluster, where their keys lie apart, one after the
   * other, each as a separate call. A failing script does not keep the others from running, and they are not one
   * transaction.
   *
   * @return a reply for each call, in order; on a cluster a lost connection, or a refusal after the first call, is the
   *     failure of the affected calls
   * @throws RejectedException at once, while Redis is failing: none ran
   * @throws redis.clients.jedis.exceptions.JedisException if the one connection failed; whether any ran is unknown
   */
  public List<ScriptReply> evalAll(List<ScriptCall> calls) {
    if (calls.size() == 1) {
      return List.of(one(calls.get(0)));
    }
    return isCluster()
        ? oneByOne(calls)
        : attempts.guarded(() -> attempts.retryOnce(client -> Scripts.pipelined(client, calls)));
  }

  private List<ScriptReply> oneByOne(List<ScriptCall> calls) {
    List<ScriptReply> replies = new ArrayList<>(calls.size());
    @Nullable RuntimeException timeOver = null;
    for (ScriptCall call : calls) {
      if (timeOver != null && Deadline.currentIsExpired()) {
        // With a millisecond each, they would end connections to nodes that are well.
        replies.add(new ScriptReply(null, timeOver));
        continue;
      }
      try {
        replies.add(one(call));
      } catch (RejectedException open) {
        if (replies.isEmpty()) {
          throw open;
        }
        replies.add(new ScriptReply(null, open));
      } catch (JedisException lost) {
        timeOver = lost;
        replies.add(new ScriptReply(null, lost));
      }
    }
    return replies;
  }

  private ScriptReply one(ScriptCall call) {
    return wholly(
        () -> attempts.guarded(() -> attempts.retryOnce(client -> Scripts.reply(client, call))));
  }

  /** On a cluster both tries of one script are within one deadline; on one server each has its own. */
  private <T extends @Nullable Object> T wholly(Action<T, RuntimeException> script) {
    return cluster && origin != null
        ? Deadline.after(origin.deadline(), Clock.system()).call(script)
        : Calling.now(script);
  }

  /**
   * Runs a script on a raw client, outside the breaker, with the source as a fall-back: for {@link Recovery} steps.
   */
  public static @Nullable Object evalRaw(
      UnifiedJedis client, LuaScript script, List<byte[]> keys, List<byte[]> args) {
    return Scripts.run(client, script, keys, args);
  }

  /**
   * Adds a step that must succeed before calls pass again after the breaker was open. Steps run in the order added.
   */
  public void onRecovery(Recovery step) {
    breakers.onRecovery(step);
  }

  /**
   * Removes a step that {@link #onRecovery} has added, so that this access no longer refers to it; does nothing if it is
   * not there. A run of it that has begun ends.
   */
  public void removeRecovery(Recovery step) {
    breakers.removeRecovery(step);
  }

  /**
   * Warns in the log, once for each policy, if a server of this Redis may evict keys that a component needs.
   * Asks in the background, until it gets an answer, and again after each recovery; a server that does not reveal
   * its policy causes no warning.
   *
   * @param who the component at risk, as named in the log: {@code queue=mail}
   * @param risk what may happen
   * @param harmful tells whether the {@code maxmemory-policy} of a name is harmful
   */
  public void warnOfEviction(String who, String risk, Predicate<String> harmful) {
    breakers.warnOfEviction(who, risk, harmful);
  }

  /**
   * Listens to a channel until the subscription is closed, reconnecting for ever. Returns at once, before the server has
   * confirmed. All channels of this access share one connection, of the pool of {@link #blocking()}, and one thread per node:
   * on a cluster to each master, and to the one that takes over. A connection without a reply for two heartbeats
   * (1 s each) counts as lost.
   *
   * <p>Needs the rights {@code +subscribe +unsubscribe +ping} and {@code &channel}. A channel that the server refuses is logged
   * once, and requested again every 10 to 30 s.
   *
   * @param listener is called on the thread that reads for all channels: it must be quick
   * @throws IllegalStateException if this access wraps a single client, or one of a kind that shows no connections, or is
   *     closed
   */
  public ChannelSubscription subscribe(String channel, ChannelListener listener) {
    if (!owned && !NodePools.known(blocking())) {
      throw new IllegalStateException(
          "subscriptions need a RedisClient, RedisClusterClient or RedisSentinelClient but"
              + " the blocking client is a " + blocking().getClass().getName());
    }
    return subscriptions.subscribe(channel, listener);
  }

  /** Returns how many subscriptions are live now, by {@link ChannelSubscription#liveAt}: for a gauge. */
  public int subscriptionsLive() {
    return subscriptions.live();
  }

  /** Returns how many subscriptions are open and not live now: for a gauge, and for an alert when it stays above 0. */
  public int subscriptionsDown() {
    return subscriptions.down();
  }

  /**
   * Returns how many nodes refuse this access' user or password, by the last attempt to open a connection: for a
   * gauge, and for an alert when it stays above 0. 1 if a cluster or sentinels refuse from the start, since their nodes are
   * not known then. Always 0 for wrapped clients.
   */
  public int nodesRefusing() {
    return opening.refusing();
  }

  /**
   * Returns how many nodes refused a write within the last minute while they serve reads: because they are full (OOM),
   * cannot save (MISCONF), lack replicas (NOREPLICAS) or are replicas themselves (READONLY). For a gauge, and for an alert
   * when it stays above 0. Always 0 for wrapped clients. Makes no call.
   */
  public int nodesRefusingWrites() {
    return refusedWrites.nodes();
  }

  /**
   * Tells whether no node of a cluster told its slots when it was asked last, so that calls go where slots were last seen:
   * for a gauge, and for an alert when it stays true. The nodes are asked again until one tells them. Always false for one
   * server, for sentinels and for wrapped clients, and until the cluster has been reached once. Makes no call.
   */
  public boolean isTopologyStale() {
    return opening.isTopologyStale();
  }

  /** Ends subscriptions and the loop, and closes the clients if this opened them. Calling it again does nothing. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    breakers.close();
    subscriptions.close();
    if (owned) {
      try {
        commands.close();
      } finally {
        if (blocking != null) {
          blocking.close();
        }
      }
    }
  }

  @Override
  public String toString() {
    return "RedisAccess[" + description + ", " + guard().state() + "]";
  }

  /** Returns the connections for commands as they are now, by node. */
  Map<String, ? extends Pool<Connection>> pools() {
    return commands.get().pools().get();
  }

  /** Collects what a {@link RedisAccess} is built from. Not safe for use by several threads. */
  public static final class Builder {
    private final RedisUrl url;
    private String name = "redis";
    private Duration deadline = DEFAULT_DEADLINE;
    private @Nullable Duration connectTimeout;
    private int poolSize = 64;
    private @Nullable Supplier<Secret> password;
    private @Nullable SSLContext tls;
    private @Nullable Supplier<RedisCredentials> sentinelCredentials;
    private boolean coalesced = true;
    private Clock clock = Clock.system();

    private Builder(RedisUrl url) {
      this.url = url;
    }

    /** Sets the name of this access in messages, logs, metrics and Redis' client list. Default: {@code redis}. */
    public Builder name(String name) {
      this.name = Check.name("name", name);
      return this;
    }

    /** Bounds each command and each wait for a connection: 1 ms to 1 min. Default: 100 ms. */
    public Builder deadline(Duration deadline) {
      this.deadline = bounded("deadline", deadline);
      return this;
    }

    /** Bounds the opening of a connection: 1 ms to 1 min. Default: as the deadline. */
    public Builder connectTimeout(Duration timeout) {
      this.connectTimeout = bounded("connectTimeout", timeout);
      return this;
    }

    /**
     * Sets the most connections for commands at a time, for each node, at least 1. Default: 64. Where callers share
     * connections, up to 11 of these are for shared commands, and the others for transactions, pipelines and the like,
     * which thus cannot keep short commands waiting.
     */
    public Builder poolSize(int connections) {
      if (connections < 1) {
        throw new IllegalArgumentException("poolSize must be >= 1 but was " + connections);
      }
      this.poolSize = connections;
      return this;
    }

    /**
     * Gets the password whenever a connection is opened, so that a password changed while the process runs is used
     * from then on: {@code password(rotating::current)} with a
     * {@link io.github.scalingtoolkit.core.settings.RotatingSecret}. Open connections stay authenticated,
     * as usual in Redis. Default: the URL's.
     *
     * @param password is called by several threads, and must not block
     * @throws IllegalArgumentException if the URL has a password as well
     */
    public Builder password(Supplier<Secret> password) {
      if (url.password() != null) {
        throw new IllegalArgumentException("there is a password in the URL as well: " + url);
      }
      this.password = Objects.requireNonNull(password);
      return this;
    }

    /**
     * Sets the credentials for the URL's sentinels. The URL's user and password are only for the servers. Default: asks the
     * sentinels without credentials.
     *
     * @param user the sentinels' ACL user, or null for their default one ({@code requirepass})
     * @param password is asked for its password whenever a connection to a sentinel is opened, by several threads, and must
     *     not block
     * @throws IllegalArgumentException if the URL is not one of sentinels
     */
    public Builder sentinelCredentials(@Nullable String user, Supplier<Secret> password) {
      if (url.mode() != RedisUrl.Mode.SENTINEL) {
        throw new IllegalArgumentException(
            "sentinelCredentials needs a URL that starts with redis+sentinel or rediss+sentinel"
                + " but it was " + url);
      }
      Objects.requireNonNull(password);
      sentinelCredentials =
          () -> new DefaultRedisCredentials(user, password.get().reveal());
      return this;
    }

    /**
     * Trusts the certificates that {@code context} trusts, and shows the client certificate that it has. Default: the
     * JVM's. Host names are checked either way.
     *
     * @throws IllegalArgumentException if the URL is not one for TLS
     */
    public Builder sslContext(SSLContext context) {
      if (!url.tls()) {
        throw new IllegalArgumentException(
            "an SSLContext needs a URL that starts with rediss but it was " + url);
      }
      tls = Objects.requireNonNull(context);
      return this;
    }

    /**
     * Sets whether concurrent callers share connections, so that many commands cost one round trip
     * (automatic pipelining). Default: true. Few callers do not share, nor do commands that block or change their
     * connection, transactions, pipelines, pools of less than 8, and a cluster's commands, whose redirections are for each
     * alone.
     *
     * <p>What changes for callers: a call without a turn or reply within twice the deadline fails then, or, if
     * the server does not read its command, within twice that; a connection that is lost after sending fails every
     * command on it with {@link UnknownOutcomeException}, except that commands that only read are sent once more; and an
     * interrupt of a virtual thread can be such a loss.
     */
    public Builder coalesced(boolean coalesced) {
      this.coalesced = coalesced;
      return this;
    }

    /** Takes time from {@code clock}. Default: {@link Clock#system()}. */
    public Builder clock(Clock clock) {
      this.clock = Objects.requireNonNull(clock);
      return this;
    }

    /** Opens the clients; see {@link RedisAccess#open}. */
    public RedisAccess build() {
      return opened(new RedisSettings(
          url,
          name,
          deadline,
          connectTimeout == null ? deadline : connectTimeout,
          poolSize,
          password,
          tls,
          sentinelCredentials,
          coalesced,
          clock));
    }
  }

  private static RedisAccess opened(RedisSettings settings) {
    return new RedisAccess(
        settings.name(),
        settings.url().toString(),
        settings,
        settings.url().mode() == RedisUrl.Mode.CLUSTER,
        new Opening.Own(settings),
        settings.clock());
  }

  private static Duration bounded(String what, Duration value) {
    return Check.between(what, value, SHORTEST_DEADLINE, LONGEST_DEADLINE);
  }
}
