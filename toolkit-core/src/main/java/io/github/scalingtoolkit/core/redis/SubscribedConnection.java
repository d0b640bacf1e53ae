package io.github.scalingtoolkit.core.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.scalingtoolkit.core.time.Clock;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * One connection that listens to all channels, from its opening to its end.
 *
 * <p><b>Two threads.</b> The link's thread {@linkplain #read reads}; the heartbeat's thread sends, and never waits for a
 * reply. Redis answers in the order of the commands, so a reply belongs to the oldest command that has none. That holds
 * for an error too, which is why each SUBSCRIBE names one channel: the refusal of one leaves the others alone.
 *
 * <p><b>A channel's states.</b> Absent; asked for (a command is under way, never two); confirmed, with the subscriptions
 * there were then. One that comes later, or whose listener threw, is not among them: the channel is asked for once more,
 * and the server's second confirmation is where its messages begin.
 *
 * <p><b>Little is under way.</b> At most {@value #WINDOW_BYTES} bytes are sent ahead of the replies, which fit into the
 * socket's buffer: so the thread that sends cannot be held up by a server that has stopped reading.
 */
final class SubscribedConnection {
  private static final int WINDOW_BYTES = 4096;
  private static final int MOST_PINGS = 2;
  private static final byte[] MESSAGE = "message".getBytes(UTF_8);
  private static final byte[] PONG = "PONG".getBytes(UTF_8);

  private enum Kind {
    SUBSCRIBE,
    UNSUBSCRIBE,
    PING
  }

  private record Sent(Kind kind, String channel, int bytes, long at) {}

  private final Subscriptions owner;
  private final String node;
  private final Connection connection;
  private final Clock clock;

  /** Held while sending, and for the end: Jedis would open a closed connection again to send on it. */
  private final ReentrantLock sending = new ReentrantLock();

  private final Queue<Sent> unanswered = new ConcurrentLinkedQueue<>();
  private final Set<String> asked = ConcurrentHashMap.newKeySet();
  private final Map<String, List<ChannelSubscription>> confirmed = new ConcurrentHashMap<>();
  private final Map<String, Long> notBefore = new ConcurrentHashMap<>();
  private volatile boolean more;
  private volatile boolean over;
  private volatile @Nullable String cutBecause;

  private final AtomicLong replies = new AtomicLong();

  private volatile long answeredAt;
  private volatile @Nullable ChannelSubscription busyWith;
  private volatile long busySince;

  /** These are the heartbeat's. */
  private long repliesSeen;

  private long lookedAt;
  private long silence;

  SubscribedConnection(Subscriptions owner, String node, Connection connection) {
    this.owner = owner;
    this.node = node;
    this.connection = connection;
    this.clock = owner.clock();
    answeredAt = clock.nanoTime();
    lookedAt = answeredAt;
  }

  /** Tells whether messages published from now on will be passed to {@code subscription}. */
  boolean hasConfirmed(ChannelSubscription subscription) {
    List<ChannelSubscription> all = confirmed.get(subscription.channel());
    return all != null && all.contains(subscription) && !over;
  }

  /** Returns when the last command was sent that is answered: all published before it has been handed on. */
  long answeredAt() {
    return answeredAt;
  }

  /** Tells whether the server has answered anything. */
  boolean hasAnswered() {
    return replies.get() > 0;
  }

  /** Returns the subscription whose listener has had the reader's thread for {@code nanos}, or null. */
  @Nullable
  ChannelSubscription busyFor(long nanos) {
    ChannelSubscription busy = busyWith;
    return busy != null && clock.nanoTime() - busySince >= nanos ? busy : null;
  }

  // The heartbeat's side

  /** Asks for what is wanted and not confirmed, and gives up what is not wanted any more. */
  void catchUp() {
    sending(() -> {
      more = false;
      boolean any = false;
      for (Channel channel : owner.channels()) {
        any |= owes(channel) && send(Kind.SUBSCRIBE, Protocol.Command.SUBSCRIBE, channel.name());
      }
      for (String channel : confirmed.keySet()) {
        any |= owner.channel(channel) == null
            && !asked.contains(channel)
            && send(Kind.UNSUBSCRIBE, Protocol.Command.UNSUBSCRIBE, channel);
      }
      return any;
    });
  }

  private boolean owes(Channel channel) {
    String name = channel.name();
    List<ChannelSubscription> known = confirmed.get(name);
    if (asked.contains(name) || (known != null && known.containsAll(channel.subscriptions()))) {
      return false;
    }
    Long earliest = notBefore.get(name);
    return earliest == null || clock.nanoTime() - earliest >= 0;
  }

  /** Asks for a sign of life; tells whether it did. If not, something else is being sent, or has no answer yet. */
  boolean ping() {
    return sending(() ->
        unanswered.stream().filter(sent -> sent.kind() == Kind.PING).count() < MOST_PINGS
            && send(Kind.PING, Protocol.Command.PING, ""));
  }

  /**
   * Cuts the connection if nothing has come for {@code allowed}. What a step took longer than {@code usual} does not
   * count: there this process stood still, and what came meanwhile has yet to be read. Nor does the time that a listener
   * takes.
   */
  void cutIfSilent(long usual, long allowed) {
    long now = clock.nanoTime();
    long seen = replies.get();
    if (seen != repliesSeen || busyWith != null) {
      repliesSeen = seen;
      silence = 0;
    } else {
      silence += Math.min(now - lookedAt, usual);
    }
    lookedAt = now;
    if (silence >= allowed) {
      cut("has sent nothing for " + silence / 1_000_000 + " ms");
    }
  }

  /**
   * Cuts the connection if it leads to a node that no longer serves at its address. A former master goes on to answer, so
   * nothing else would end it, and the new one's messages would never come.
   */
  void cutIfOutdated() {
    if (!over && connection instanceof NodeConnection ours && ours.isOutdated()) {
      cut("takes no writes any more, so another node may serve at its address");
    }
  }

  private interface Sending {
    /** Tells whether anything was sent. */
    boolean send();
  }

  /** Tells whether anything was sent. */
  private boolean sending(Sending commands) {
    if (!sending.tryLock()) {
      // Another thread is sending, or it is ending.
      return false;
    }
    boolean sent = false;
    boolean broken = false;
    try {
      // Jedis would open a closed one again, without its greetings.
      if (!over && connection.isConnected() && commands.send()) {
        // Reads nothing: it is the one way to flush.
        connection.getMany(0);
        sent = true;
      }
    } catch (RuntimeException failed) {
      broken = true;
    } finally {
      sending.unlock();
    }
    if (broken) {
      cut(null);
    }
    return sent;
  }

  private boolean send(Kind kind, Protocol.Command command, String channel) {
    int underWay = 0;
    for (Sent sent : unanswered) {
      underWay += sent.bytes();
    }
    byte[] name = channel.getBytes(UTF_8);
    if (underWay > 0 && underWay + name.length > WINDOW_BYTES) {
      more = true;
      return false;
    }
    // Before it is sent: the reply may be there at once.
    unanswered.add(new Sent(kind, channel, name.length + 32, clock.nanoTime()));
    if (kind == Kind.PING) {
      connection.sendCommand(command);
    } else {
      asked.add(channel);
      connection.sendCommand(command, name);
    }
    return true;
  }

  /** Ends the connection, whatever is being done with it. */
  void cut(@Nullable String reason) {
    if (cutBecause == null) {
      cutBecause = reason;
    }
    over = true;
    disconnect();
    owner.checkAll();
  }

  /** Returns why it was cut, or null. */
  @Nullable
  String cutBecause() {
    return cutBecause;
  }

  // The reader's side

  /** Reads until the connection is over, by returning or by throwing. */
  void read() {
    while (!over) {
      try {
        Object reply = connection.getUnflushedObject();
        replies.incrementAndGet();
        take(reply);
      } catch (JedisDataException error) {
        replies.incrementAndGet();
        refused(error);
      }
      if (more && unanswered.isEmpty()) {
        owner.wake();
      }
    }
  }

  private void take(@Nullable Object reply) {
    if (reply instanceof byte[] text && Arrays.equals(text, PONG)) {
      answered(Kind.PING);
    } else if (reply instanceof List<?> parts
        && parts.size() > 1
        && parts.get(0) instanceof byte[] kind) {
      if (Arrays.equals(kind, MESSAGE)) {
        deliver(parts.get(1), parts.get(2));
        return;
      }
      switch (new String(kind, UTF_8)) {
        case "subscribe" -> confirmed(answered(Kind.SUBSCRIBE).channel());
        case "unsubscribe" -> ended(answered(Kind.UNSUBSCRIBE).channel());
        case "pong" -> answered(Kind.PING);
        default -> {
          // A push of a later protocol: nothing that was asked for.
        }
      }
    } else {
      throw new JedisConnectionException("a subscribed connection was sent something else");
    }
  }

  private void deliver(@Nullable Object channel, @Nullable Object message) {
    if (!(channel instanceof byte[] name) || !(message instanceof byte[] body)) {
      throw new JedisConnectionException("a message without channel or body");
    }
    List<ChannelSubscription> all = confirmed.get(new String(name, UTF_8));
    if (all == null) {
      return;
    }
    for (ChannelSubscription subscription : all) {
      busySince = clock.nanoTime();
      busyWith = subscription;
      boolean taken = subscription.deliver(body);
      busyWith = null;
      if (!taken) {
        missed(subscription);
      }
    }
  }

  private void missed(ChannelSubscription subscription) {
    confirmed.computeIfPresent(subscription.channel(), (name, all) -> {
      List<ChannelSubscription> others = new ArrayList<>(all);
      others.remove(subscription);
      return others;
    });
    subscription.check();
  }

  private Sent answered(Kind kind) {
    Sent sent = unanswered.poll();
    if (sent == null || sent.kind() != kind) {
      throw new JedisConnectionException("the answer to " + kind + " came where none was due");
    }
    answeredAt = sent.at();
    if (kind == Kind.PING) {
      owner.heard();
    }
    return sent;
  }

  private void confirmed(String name) {
    Channel channel = owner.channel(name);
    List<ChannelSubscription> all = channel == null ? List.of() : channel.subscriptions();
    confirmed.put(name, all);
    notBefore.remove(name);
    asked.remove(name);
    all.forEach(ChannelSubscription::check);
    Channel now = owner.channel(name);
    if (now == null || !all.containsAll(now.subscriptions())) {
      // The subscriptions have changed meanwhile.
      owner.wake();
    }
  }

  private void ended(String name) {
    confirmed.remove(name);
    asked.remove(name);
    if (owner.channel(name) != null) {
      owner.wake();
    }
  }

  private void refused(JedisDataException error) {
    Sent sent = unanswered.poll();
    if (sent == null || Obstacle.isOfCredentials(error)) {
      throw error;
    }
    answeredAt = sent.at();
    if (sent.kind() == Kind.PING) {
      // No right to ask: an answer all the same.
      owner.heard();
      return;
    }
    String name = sent.channel();
    confirmed.remove(name);
    if (sent.kind() == Kind.SUBSCRIBE) {
      long heartbeat = owner.silenceAllowed() / 2;
      boolean lasting = Obstacle.isLasting(error);
      notBefore.put(
          name,
          clock.nanoTime()
              + heartbeat * (lasting ? 10 + ThreadLocalRandom.current().nextInt(20) : 1));
      if (lasting) {
        owner.refused(name, Obstacle.of(error, node, name));
      }
    }
    asked.remove(name);
  }

  /** Closes it for good: nothing is sent on it after this. */
  void end() {
    over = true;
    // First, as who sends may be waiting for the server.
    disconnect();
    sending.lock();
    try {
      // Once more, as who sent may have opened it again.
      disconnect();
    } finally {
      sending.unlock();
    }
  }

  private void disconnect() {
    try {
      connection.forceDisconnect();
    } catch (IOException | RuntimeException alreadyGone) {
      // That is what was wanted.
    }
  }
}
