package peers;

import io.lettuce.core.RedisURI;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;
import org.redisson.Redisson;
import org.redisson.api.RScript;
import org.redisson.api.RedissonClient;
import org.redisson.client.codec.StringCodec;
import org.redisson.config.Config;

/**
 * Lettuce and Redisson for the command {@code callers}: reads {@code operation threads callers millis} from each line and
 * answers with calls a second and the share of the slowest caller. Lettuce has its one connection, as its guide advises;
 * Redisson its defaults.
 */
public final class RedisCallers {
  private static final String SCRIPT = "return redis.call('GET', KEYS[1])";
  private static final String VALUE = "v".repeat(64);

  private interface Client {
    IntConsumer once(String operation);
  }

  private RedisCallers() {}

  /** Answers until its input ends. */
  public static void main(String[] args) throws Exception {
    Client client = args[0].equals("lettuce") ? lettuce(args[1]) : redisson(args[1]);
    BufferedReader questions =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = questions.readLine(); line != null; line = questions.readLine()) {
      String[] words = line.split(" ");
      System.out.println(run(
          client.once(words[0]),
          words[1].equals("virtual"),
          Integer.parseInt(words[2]),
          Long.parseLong(words[3])));
    }
    System.exit(0);
  }

  private static Client lettuce(String url) {
    StatefulRedisConnection<String, String> connection =
        io.lettuce.core.RedisClient.create(RedisURI.create(url)).connect();
    RedisCommands<String, String> commands = connection.sync();
    String sha = commands.scriptLoad(SCRIPT);
    return operation -> switch (operation) {
      case "get" -> caller -> commands.get("callers:" + caller);
      case "set" -> caller -> commands.set("callers:" + caller, VALUE);
      case "evalsha" ->
        caller -> commands.evalsha(sha, ScriptOutputType.VALUE, "callers:" + caller);
      default -> caller -> commands.mget("callers:" + caller, "callers:0", "callers:1");
    };
  }

  private static Client redisson(String url) {
    Config config = new Config();
    config.useSingleServer().setAddress(url);
    config.setCodec(StringCodec.INSTANCE);
    RedissonClient client = Redisson.create(config);
    String sha = client.getScript(StringCodec.INSTANCE).scriptLoad(SCRIPT);
    return operation -> switch (operation) {
      case "get" -> caller -> client.getBucket("callers:" + caller).get();
      case "set" -> caller -> client.getBucket("callers:" + caller).set(VALUE);
      case "evalsha" ->
        caller -> client
            .getScript(StringCodec.INSTANCE)
            .evalSha(
                RScript.Mode.READ_ONLY,
                sha,
                RScript.ReturnType.VALUE,
                List.<Object>of("callers:" + caller));
      default -> caller -> client.getBuckets().get("callers:" + caller, "callers:0", "callers:1");
    };
  }

  private static String run(IntConsumer once, boolean virtual, int callers, long millis)
      throws Exception {
    ExecutorService executor = virtual
        ? (ExecutorService)
            Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null)
        : Executors.newCachedThreadPool();
    long[] done = new long[callers * 8];
    long[] end = new long[1];
    CountDownLatch ready = new CountDownLatch(callers);
    CountDownLatch go = new CountDownLatch(1);
    Future<?>[] running = new Future<?>[callers];
    for (int i = 0; i < callers; i++) {
      int caller = i;
      running[i] = executor.submit(() -> {
        ready.countDown();
        go.await();
        long count = 0;
        while (System.nanoTime() < end[0]) {
          once.accept(caller);
          count++;
        }
        done[caller * 8] = count;
        return null;
      });
    }
    ready.await();
    long began = System.nanoTime();
    end[0] = began + millis * 1_000_000;
    go.countDown();
    for (Future<?> caller : running) {
      caller.get();
    }
    double seconds = (System.nanoTime() - began) / 1e9;
    executor.shutdownNow();
    long all = 0;
    long fewest = Long.MAX_VALUE;
    for (int i = 0; i < callers; i++) {
      all += done[i * 8];
      fewest = Math.min(fewest, done[i * 8]);
    }
    return all / seconds + " " + (all == 0 ? 0 : fewest * (double) callers / all);
  }
}
