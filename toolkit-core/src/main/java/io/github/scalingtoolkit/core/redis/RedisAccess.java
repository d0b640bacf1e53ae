package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.guard.RejectedException.Reason;
import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.providers.ConnectionProvider;

/**
 * One Redis as a process sees it: a client for commands, one for commands that block, and one breaker before both.
 *
 * <p><b>What a call costs when Redis is ill.</b> Each command ends within the deadline (100 ms unless said otherwise).
 * Once half of the last 10 calls have failed, 5 at least, every further call is refused at once with
 * {@link RejectedException}. A background loop then asks Redis, each 0.5 s to 5 s; when it answers, the
 * {@linkplain #onRecovery recovery steps} run, and only then do calls pass again. No caller ever pays for a try.
 *
 * <p><b>Callers in a hurry.</b> Where a thread has a {@link Deadline} that is earlier, a standalone Redis' reply is waited
 * for no longer than that. A time-out that it brought about does not count against Redis, if it left the call less than
 * half of the deadline.
 *
 * <p><b>Lost connections.</b> A call on a connection that the server has closed fails without having been answered.
 * {@link #eval} and {@link #callIdempotent} then try once more on a fresh connection, so that a restarted Redis goes
 * unnoticed; {@link #call} does not, because only its caller knows whether it may.
 *
 * <p>Safe for use by several threads. What {@code open} and {@code builder} make owns its connections: close it.
 * What {@code wrap} makes leaves them to you; closing it ends only the loop.
 */
public final class RedisAccess implements AutoCloseable {
  private static final Duration DEFAULT_DEADLINE = Duration.ofMillis(100);
  private static final Duration HEARTBEAT = Duration.ofSeconds(1);

  private final String description;
  private final @Nullable Builder origin;
  private final boolean cluster;

  /** The deadline that a caller's earlier one cuts short; null if it does not, but on a single server. */
  private final @Nullable Duration cutShortBy;

  private final LazyClient commands;
  private final @Nullable LazyClient blocking;
  private final boolean owned;

  /** What callers of {@link #commands} share, apart from its own pool. */
  private final List<ConnectionProvider> shared;

  private final Guard guard;
  private final Clock clock;
  private final List<Recovery> recoveries = new CopyOnWriteArrayList<>();
  private final Subscriptions subscriptions;
  private final EvictionWatch evictions = new EvictionWatch();
  private final RecoveryLoop recoveryLoop;
  private final AtomicBoolean closed = new AtomicBoolean();

  private RedisAccess(
      String name,
      String description,
      @Nullable Builder origin,
      boolean cluster,
      LazyClient commands,
      @Nullable LazyClient blocking,
      boolean owned,
      List<ConnectionProvider> shared,
      Clock clock) {
    this.description = description;
    this.origin = origin;
    this.cluster = cluster;
    this.cutShortBy =
        origin != null && origin.url.mode() == RedisUrl.Mode.STANDALONE ? origin.deadline : null;
    this.commands = commands;
    this.blocking = blocking;
    this.owned = owned;
    this.shared = shared;
    this.clock = clock;
    guard = Guard.builder(name)
        .countWindow(10)
        .minimumCalls(5)
        .failureRate(0.5)
        // Time-outs decide: an answer in time is a good one.
        .slowCalls(Duration.ofHours(1), 1)
        .openFor(Duration.ofMillis(500), Duration.ofSeconds(5))
        .ignoring(RedisFailures::sayNothingOfHealth)
        .reasons(RedisFailures::reason)
        .probed()
        .clock(clock)
        .build();
    subscriptions = Subscriptions.through(this::blocking, HEARTBEAT, clock, name);
    recoveryLoop = new RecoveryLoop(guard, this::recover, this::askOfEvictions);
    recoveryLoop.start();
  }

  /**
   * Connects to the Redis at {@code url} with the defaults. Opening does not fail when Redis is down: calls do, until it
   * is there.
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
   * Uses a client you have for commands alone. It runs as it is: its timeouts and pool are yours. Without a second one
   * for blocking, no queue workers and no first-level cache are to be had, because they hold connections and would drain
   * this client's pool.
   */
  public static RedisAccess wrap(UnifiedJedis commands) {
    return wrapped(commands, null);
  }

  /**
   * Uses two clients you have: one for commands and one whose connections may be held for long (BZPOPMIN, SUBSCRIBE).
   *
   * @throws IllegalArgumentException if both are the same
   */
  public static RedisAccess wrap(UnifiedJedis commands, UnifiedJedis blocking) {
    if (commands == blocking) {
      throw new IllegalArgumentException(
          "commands and blocking must be two clients: what blocks would drain the pool of"
              + " what must not wait");
    }
    return wrapped(commands, LazyClient.of(blocking));
  }

  private static RedisAccess wrapped(UnifiedJedis commands, @Nullable LazyClient blocking) {
    return new RedisAccess(
        "redis",
        "a client of yours",
        null,
        commands instanceof RedisClusterClient,
        LazyClient.of(commands),
        blocking,
        false,
        List.of(),
        Clock.system());
  }

  /**
   * Returns another access to the same Redis, with a breaker of its own: for what must be bounded more tightly than the
   * rest, or must not be cut off with it. It has connections of its own and is built as this one
   * otherwise, but connects within the deadline; that of a wrapped client shares that client, and its time-outs stay.
   * Close it by itself.
   *
   * @param name what messages, logs, metrics and Redis' client list call it
   * @param deadline bounds each command: 1 ms to 1 min
   */
  public RedisAccess sibling(String name, Duration deadline) {
    return origin == null
        ? new RedisAccess(
            name, description, null, cluster, commands, blocking, false, List.of(), clock)
        : origin.likewise(deadline).name(name).build();
  }

  /**
   * Returns the raw client for commands: no breaker, no retry.
   *
   * @throws redis.clients.jedis.exceptions.JedisException if a cluster or a sentinel has not been reached yet
   */
  public UnifiedJedis commands() {
    return commands.get();
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
    return blocking.get();
  }

  /** Returns the breaker, for its state and its changes. */
  public Guard guard() {
    return guard;
  }

  /** Tells whether keys are spread over the slots of a cluster. */
  public boolean isCluster() {
    return cluster;
  }

  /** Returns where this leads, without password. */
  public String description() {
    return description;
  }

  /**
   * Says what a failure of this access means, for logs and health checks: where it leads, without password, and what is
   * wrong there, as far as that can be told. While the breaker refuses calls, that is why the last one failed.
   */
  public String explain(Throwable failure) {
    String last = failure instanceof RejectedException rejected && rejected.reason() == Reason.OPEN
        ? guard.lastFailure()
        : null;
    return "Redis at " + description + " " + (last == null ? RedisFailures.reason(failure) : last);
  }

  /**
   * Runs commands under the breaker, once.
   *
   * @throws RejectedException at once, while Redis is failing: nothing was sent
   * @throws redis.clients.jedis.exceptions.JedisException if it failed; whether a command took effect is unknown
   */
  public <T extends @Nullable Object> T call(Function<UnifiedJedis, T> action) {
    return guarded(() -> action.apply(commands.get()));
  }

  /**
   * As {@link #call}, for actions that may run twice: one that lost its connection is tried once more.
   */
  public <T extends @Nullable Object> T callIdempotent(Function<UnifiedJedis, T> action) {
    return guarded(() -> retryOnce(() -> action.apply(commands.get())));
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
  public @Nullable Object eval(LuaScript script, List<byte[]> keys, List<byte[]> args) {
    return guarded(() -> retryOnce(() -> evalRaw(commands.get(), script, keys, args)));
  }

  /**
   * Runs several scripts in one round trip under the breaker; on a cluster, where their keys lie apart, one after the
   * other, each as a call of its own. One that fails does not keep the others from running, and they are not one
   * transaction.
   *
   * @return a reply for each call, in order; on a cluster a lost connection, or a refusal after the first call, is the
   *     failure of the calls that it concerns
   * @throws RejectedException at once, while Redis is failing: none ran
   * @throws redis.clients.jedis.exceptions.JedisException if the one connection failed; whether any ran is unknown
   */
  public List<ScriptReply> evalAll(List<ScriptCall> calls) {
    if (calls.size() == 1) {
      return List.of(one(calls.get(0)));
    }
    return isCluster()
        ? oneByOne(calls)
        : guarded(() -> retryOnce(() -> Scripts.pipelined(commands.get(), calls)));
  }

  private List<ScriptReply> oneByOne(List<ScriptCall> calls) {
    List<ScriptReply> replies = new ArrayList<>(calls.size());
    for (ScriptCall call : calls) {
      try {
        replies.add(one(call));
      } catch (RejectedException open) {
        if (replies.isEmpty()) {
          throw open;
        }
        replies.add(new ScriptReply(null, open));
      } catch (JedisException lost) {
        replies.add(new ScriptReply(null, lost));
      }
    }
    return replies;
  }

  private ScriptReply one(ScriptCall call) {
    return guarded(() -> retryOnce(() -> Scripts.reply(commands.get(), call)));
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
    recoveries.add(Objects.requireNonNull(step));
  }

  /**
   * Warns in the log, once for each policy, if a server of this Redis may evict keys in a way that somebody cannot bear.
   * Asks in the background, again until it has been answered, and again after each recovery; a server that does not tell
   * its policy is not warned of.
   *
   * @param who who cannot bear it, as a log line names him: {@code queue=mail}
   * @param risk what may happen
   * @param harmful tells by its name whether a {@code maxmemory-policy} is such
   */
  public void warnOfEviction(String who, String risk, Predicate<String> harmful) {
    evictions.add(who, risk, harmful);
    recoveryLoop.wake();
  }

  /**
   * Listens to a channel until the subscription is closed, reconnecting for ever. Returns at once, before the server has
   * confirmed. All channels of this access share one connection, of the pool of {@link #blocking()}, and one thread a node:
   * on a cluster to each master, and to the one that takes over. A connection that has not been heard for two heartbeats
   * (1 s each) counts as lost.
   *
   * <p>Needs the rights {@code +subscribe +unsubscribe +ping} and {@code &channel}. A channel that the server refuses is
   * told of once, and asked for again every 10 to 30 s.
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

  /** Returns how many subscriptions are live now, as {@link ChannelSubscription#liveAt} has it: for a gauge. */
  public int subscriptionsLive() {
    return subscriptions.live();
  }

  /** Returns how many subscriptions are open and not live now: for a gauge, and for an alert when it stays above 0. */
  public int subscriptionsDown() {
    return subscriptions.down();
  }

  /** Ends subscriptions and the loop, and closes the clients if this opened them. Calling it again does nothing. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    recoveryLoop.close();
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
    return "RedisAccess[" + description + ", " + guard.state() + "]";
  }

  private void recover() {
    UnifiedJedis client = commands.get();
    dropIdle();
    retryOnce(client::ping);
    for (Recovery step : recoveries) {
      step.recover(client);
    }
    evictions.askAgain();
  }

  private boolean askOfEvictions() {
    if (evictions.isDue()) {
      try {
        evictions.doWork(commands.get());
      } catch (RuntimeException unreachable) {
        return false;
      }
    }
    return !evictions.isDue();
  }

  private void dropIdle() {
    NodePools.dropIdle(commands.get());
    shared.forEach(NodePools::dropIdle);
  }

  private <T extends @Nullable Object> T guarded(Supplier<T> call) {
    return cutShortBy == null
        ? guard.call(call)
        : HurriedCalls.noting(cutShortBy, () -> guard.call(call));
  }

  private <T extends @Nullable Object> T retryOnce(Supplier<T> action) {
    return Resending.byCaller(() -> {
      try {
        return action.get();
      } catch (JedisConnectionException lost) {
        if (RedisFailures.timedOut(lost)) {
          throw lost;
        }
        dropIdle();
        return action.get();
      }
    });
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
    private boolean coalesced = true;
    private Clock clock = Clock.system();

    private Builder(RedisUrl url) {
      this.url = url;
    }

    private Builder likewise(Duration deadline) {
      Builder tighter = copy().deadline(deadline);
      if (tighter.connectTimeout != null && tighter.connectTimeout.compareTo(deadline) > 0) {
        tighter.connectTimeout = deadline;
      }
      return tighter;
    }

    private Builder copy() {
      Builder same = new Builder(url);
      same.name = name;
      same.deadline = deadline;
      same.connectTimeout = connectTimeout;
      same.poolSize = poolSize;
      same.password = password;
      same.tls = tls;
      same.coalesced = coalesced;
      same.clock = clock;
      return same;
    }

    /** Sets what messages, logs, metrics and Redis' client list call this access. Default: {@code redis}. */
    public Builder name(String name) {
      if (!name.matches("[A-Za-z0-9._-]{1,64}")) {
        throw new IllegalArgumentException(
            "name must be 1 to 64 letters, digits, dots, dashes or underscores but was '" + name
                + "'");
      }
      this.name = name;
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
     * connections, up to 11 of these are theirs, and the others for what cannot be shared: transactions and pipelines, say,
     * which can thus not keep short commands waiting.
     */
    public Builder poolSize(int connections) {
      if (connections < 1) {
        throw new IllegalArgumentException("poolSize must be >= 1 but was " + connections);
      }
      this.poolSize = connections;
      return this;
    }

    /**
     * Asks for the password whenever a connection is opened, so that one that is changed while the process runs is used
     * from then on: {@code password(rotating::current)} with a
     * {@link io.github.scalingtoolkit.core.settings.RotatingSecret}. Open connections keep the authentication they have,
     * as Redis has it. Default: the URL's.
     *
     * @param password is asked by several threads, and must not block
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
     * Sets whether callers who come at the same time share connections, so that many commands cost one round trip
     * (automatic pipelining). Default: true. Few callers do not share, nor do commands that block or change their
     * connection, transactions, pipelines, callers with less time left than four times the deadline, pools of less than 8,
     * and a cluster's clients, which run as Jedis has them.
     *
     * <p>What changes for callers: one whose turn or reply does not come within twice the deadline fails then, or, if
     * the server does not take what he sends, within twice that; a connection that is lost after sending fails every
     * command that was on it with {@link UnknownOutcomeException}, except that what only reads is sent once more; and an
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
      ClientFactory factory = new ClientFactory(
          url, name, connectTimeout == null ? deadline : connectTimeout, password, tls);
      String where = url.toString();
      List<ConnectionProvider> shared = new CopyOnWriteArrayList<>();
      return new RedisAccess(
          name,
          where,
          copy(),
          url.mode() == RedisUrl.Mode.CLUSTER,
          LazyClient.opening(
              where, () -> factory.commands(deadline, poolSize, coalesced, shared::add)),
          LazyClient.opening(where, () -> factory.blocking(deadline, Duration.ofSeconds(30), 64)),
          true,
          shared,
          clock);
    }

    private static Duration bounded(String what, Duration value) {
      if (value.toMillis() < 1 || value.toMillis() > 60_000) {
        throw new IllegalArgumentException(what + " must be 1 ms to 1 min but was " + value);
      }
      return value;
    }
  }
}
