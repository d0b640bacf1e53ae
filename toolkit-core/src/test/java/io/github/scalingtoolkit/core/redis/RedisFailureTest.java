package io.github.scalingtoolkit.core.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.Ports;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.AbstractTransaction;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.args.ListDirection;
import redis.clients.jedis.exceptions.JedisClusterOperationException;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.XReadParams;

/** What each failure tells of: as a real server words it, where one can be made to say so. */
class RedisFailureTest {
  private static final LuaScript WRONG = LuaScript.of("wrong", "return 1 + {}");
  private static final LuaScript WRITE =
      LuaScript.of("write", "return redis.call('SET', KEYS[1], 'x')");
  private static RedisServer server;

  /** What a server is made to be, and what it is asked then. */
  private enum Answer {
    OOM(RedisFailure.COMMAND, admin -> admin.configSet("maxmemory", "1"), Answer::write),
    OOM_IN_A_SCRIPT(
        RedisFailure.COMMAND, admin -> admin.configSet("maxmemory", "1"), Answer::script),
    NOREPLICAS(
        RedisFailure.COMMAND,
        admin -> admin.configSet("min-replicas-to-write", "1"),
        Answer::write),
    READONLY(RedisFailure.COMMAND, Answer::demote, Answer::write),
    READONLY_IN_A_SCRIPT(RedisFailure.COMMAND, Answer::demote, Answer::script),
    MASTERDOWN(
        RedisFailure.NODE,
        admin -> {
          admin.configSet("replica-serve-stale-data", "no");
          demote(admin);
        },
        redis -> redis.call(client -> client.get("text"))),
    WRONGTYPE(
        RedisFailure.COMMAND, admin -> {}, redis -> redis.call(client -> client.hget("text", "a"))),
    NOT_A_NUMBER(
        RedisFailure.COMMAND, admin -> {}, redis -> redis.call(client -> client.incr("text"))),
    SCRIPT_ERROR(
        RedisFailure.COMMAND,
        admin -> {},
        redis -> redis.eval(WRONG, List.of("text".getBytes(UTF_8)), List.of())),
    UNKNOWN_COMMAND(
        RedisFailure.COMMAND,
        admin -> {},
        redis -> redis.call(client -> client.tdigestCreate("key"))),
    EXECABORT(
        RedisFailure.COMMAND,
        admin -> admin.configSet("maxmemory", "1"),
        redis -> redis.run(client -> {
          try (AbstractTransaction transaction = client.multi()) {
            transaction.set("key", "x");
            transaction.exec();
          }
        })),
    NOPERM(
        RedisFailure.RIGHTS,
        admin -> admin.aclSetUser("default", "-get"),
        redis -> redis.call(client -> client.get("text"))),
    NOAUTH(
        RedisFailure.RIGHTS,
        admin -> admin.configSet("requirepass", "secret"),
        redis -> redis.call(client -> client.get("text"))),
    BUSY(
        RedisFailure.NODE,
        admin -> {
          admin.configSet("lua-time-limit", "1");
          Thread endless = new Thread(() -> {
            try (Jedis other = server.connect()) {
              other.eval("while true do end");
            } catch (RuntimeException killed) {
              // As it should be.
            }
          });
          endless.setDaemon(true);
          endless.start();
          Await.until("it is busy", () -> {
            try {
              admin.get("text");
              return false;
            } catch (JedisDataException busy) {
              return true;
            }
          });
        },
        redis -> redis.call(client -> client.get("text"))),
    MAX_CLIENTS(
        RedisFailure.NODE,
        admin -> admin.configSet("maxclients", "1"),
        redis -> redis.call(UnifiedJedis::ping));

    private final RedisFailure tells;
    private final Consumer<Jedis> first;
    private final Consumer<RedisAccess> then;

    Answer(RedisFailure tells, Consumer<Jedis> first, Consumer<RedisAccess> then) {
      this.tells = tells;
      this.first = first;
      this.then = then;
    }

    private static void write(RedisAccess redis) {
      redis.call(client -> client.set("key", "x"));
    }

    private static void script(RedisAccess redis) {
      redis.eval(WRITE, List.of("key".getBytes(UTF_8)), List.of());
    }

    private static void demote(Jedis admin) {
      admin.replicaof("127.0.0.1", Ports.free());
    }
  }

  @BeforeAll
  static void start() {
    server = RedisServer.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @AfterEach
  void asBefore() {
    server.restart();
  }

  private static RedisAccess open(String credentials) {
    return RedisAccess.builder("redis://" + credentials + "127.0.0.1:" + server.port())
        .deadline(Duration.ofSeconds(30))
        .build();
  }

  @ParameterizedTest
  @EnumSource(Answer.class)
  void isSortedByWhatTheServerSays(Answer answer) {
    try (RedisAccess redis = open("");
        Jedis admin = server.connect()) {
      admin.set("text", "x");
      answer.first.accept(admin);

      Throwable failure = catchThrowable(() -> answer.then.accept(redis));

      assertThat(failure).isNotNull();
      assertThat(RedisFailure.of(failure)).as(failure.toString()).isEqualTo(answer.tells);
      assertThat(redis.guard().counts().window().failed())
          .isEqualTo(answer.tells == RedisFailure.NODE ? 1 : 0);
    }
  }

  @Test
  void aPasswordThatIsRefusedTellsOfRights() {
    try (RedisAccess redis = open("nobody:wrong@")) {
      Throwable failure = catchThrowable(() -> redis.call(UnifiedJedis::ping));

      assertThat(RedisFailure.of(failure)).as(failure.toString()).isEqualTo(RedisFailure.RIGHTS);
      assertThat(redis.guard().counts().window().failed()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "LOADING Redis is loading the dataset in memory | NODE",
        "CLUSTERDOWN The cluster is down | NODE",
        "CLUSTERDOWN Hash slot not served | COMMAND",
        "CLUSTERDOWN The cluster is down and only accepts read commands | COMMAND",
        "TRYAGAIN Multiple keys request during rehashing of slot | COMMAND",
        "CROSSSLOT Keys in request don't hash to the same slot | COMMAND",
        "MISCONF Redis is configured to save RDB snapshots | COMMAND",
        "BUSYGROUP Consumer Group name already exists | COMMAND",
        "BUSYKEY Target key name already exists. | COMMAND",
        "UNBLOCKED force unblock from blocking operation | COMMAND",
        "WRONGPASS invalid username-password pair | RIGHTS",
        "DENIED Redis is running in protected mode | RIGHTS",
      })
  void whatIsHardToProvokeIsSortedByItsFirstWord(String reply, RedisFailure tells) {
    JedisDataException answer = new JedisDataException(reply);

    assertThat(RedisFailure.of(answer)).isEqualTo(tells);
    assertThat(RedisFailure.of(new JedisConnectionException("at connect", answer)))
        .isEqualTo(tells);
    assertThat(RedisFailure.of(new JedisClusterOperationException("no attempts left", answer)))
        .isEqualTo(tells);
  }

  @Test
  void whatThisProcessDidToItselfTellsOfNoNode() {
    Guard open = Guard.builder("other").build();
    open.forceOpen();
    assertThat(List.of(
            catchThrowable(() -> open.run(() -> {})),
            new NoConnectionException("node", Duration.ofMillis(100), 3, 3, 0),
            UnknownOutcomeException.callersOwn(new JedisConnectionException("late")),
            new JedisConnectionException(new InterruptedException()),
            new IllegalStateException("a bug")))
        .allSatisfy(
            failure -> assertThat(RedisFailure.of(failure)).isEqualTo(RedisFailure.THIS_PROCESS));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aBlockingCommandIsRefusedAndToldWhereItBelongs(boolean coalesced) {
    List<Consumer<UnifiedJedis>> waiting = List.of(
        client -> client.blpop(1, "list"),
        client -> client.brpop(1, "list"),
        client -> client.blmove("list", "other", ListDirection.LEFT, ListDirection.LEFT, 1),
        client -> client.bzpopmin(1, "set"),
        client -> client.xread(
            XReadParams.xReadParams().block(1000), java.util.Map.of("stream", new StreamEntryID())),
        client -> client.sendCommand(Command.BLPOP, "list", "1"),
        client -> client.sendCommand(Command.WAIT, "1", "1000"),
        client ->
            client.sendCommand(Command.XREAD, "COUNT", "1", "BLOCK", "1000", "STREAMS", "s", "$"));
    try (RedisAccess redis = RedisAccess.builder(server.url())
        .deadline(Duration.ofSeconds(30))
        .coalesced(coalesced)
        .build()) {
      waiting.forEach(command -> assertThatIllegalArgumentException()
          .isThrownBy(() -> redis.run(command::accept))
          .withMessageContaining("RedisAccess.blocking()"));

      redis.call(client -> client.sendCommand(Command.XREAD, "STREAMS", "BLOCK", "0-0"));
      assertThat(redis.guard().counts().window().failed()).isZero();
      assertThat(redis.blocking().blpop(0.05, "list")).isNull();
    }
  }

  @Test
  void aReplyThatTellsOfTheCommandIsThrownAsItCame() {
    try (RedisAccess redis = open("")) {
      redis.call(client -> client.set("text", "x"));

      assertThatThrownBy(() -> redis.call(client -> client.incr("text")))
          .isExactlyInstanceOf(JedisDataException.class)
          .hasMessageStartingWith("ERR value is not an integer");
    }
  }
}
