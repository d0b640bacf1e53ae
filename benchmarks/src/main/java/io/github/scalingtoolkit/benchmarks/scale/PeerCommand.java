package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.benchmarks.Arguments;
import io.github.scalingtoolkit.benchmarks.verify.Client;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.params.ClientKillParams;
import redis.clients.jedis.params.ClientKillParams.SkipMe;

/** {@code peer}: shows two reasons not to run the tutorial's application as it is. */
public final class PeerCommand {
  private static final String LIST = "/api/todos";
  private static final Duration LONGEST_END = Duration.ofSeconds(20);

  private PeerCommand() {}

  /** Runs it. Returns 1 if the peer has become better than docs/scaling.md says. */
  public static int run(List<String> words) throws IOException, InterruptedException {
    Arguments.parse(words, Set.of(), Set.of()).withoutPlain();
    return SessionContext.run(List.of("peer"), List.of(Plans.EXPRESS), context -> {
      try (Target peer = context.startPeer(Plans.EXPRESS, "peer")) {
        return servesAnOldList(peer) && endsWhenItsRedisIsLost(peer) ? 0 : 1;
      } catch (NotRunException missing) {
        System.out.println("NOT RUN: the peer: " + missing.getMessage());
        return 0;
      }
    });
  }

  private static boolean servesAnOldList(Target peer) throws IOException, InterruptedException {
    Client client = new Client(peer.url());
    int before = client.get(LIST, TodoList.user(peer)).json().size();
    int created = client.post(LIST, TodoList.user(peer), "{\"title\":\"new\"}").status();
    int after = client.get(LIST, TodoList.user(peer)).json().size();
    long seconds;
    try (Jedis jedis = new Jedis(peer.redis())) {
      seconds = jedis.keys("todos:*").stream().mapToLong(jedis::ttl).max().orElse(-1);
    }
    boolean old = created == 201 && after == before && seconds > 0 && seconds <= 30;
    System.out.printf(
        "%s: a list of %d before a create that was answered with %d is one of %d after it, for %d s more%n",
        old ? "as listed" : "OTHERWISE", before, created, after, seconds);
    return old;
  }

  private static boolean endsWhenItsRedisIsLost(Target peer) throws InterruptedException {
    ProcessHandle process = ProcessHandle.of(peer.pids().get(0)).orElseThrow();
    try (Jedis jedis = new Jedis(peer.redis())) {
      jedis.clientKill(new ClientKillParams().type(ClientType.NORMAL).skipMe(SkipMe.YES));
    }
    boolean ended;
    try {
      process.onExit().get(LONGEST_END.toMillis(), TimeUnit.MILLISECONDS);
      ended = true;
    } catch (TimeoutException runsOn) {
      ended = false;
    } catch (ExecutionException impossible) {
      throw new IllegalStateException(impossible);
    }
    System.out.printf(
        "%s: the process %s when its connection to Redis is cut%n",
        ended ? "as listed" : "OTHERWISE", ended ? "ends" : "runs on");
    return ended;
  }
}
