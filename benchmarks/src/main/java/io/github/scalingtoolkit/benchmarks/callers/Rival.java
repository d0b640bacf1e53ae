package io.github.scalingtoolkit.benchmarks.callers;

import io.github.scalingtoolkit.benchmarks.callers.Slice.Threads;
import io.github.scalingtoolkit.core.redis.LuaScript;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.IntConsumer;
import redis.clients.jedis.UnifiedJedis;

/** One way to ask a Redis. */
interface Rival extends AutoCloseable {
  /** Returns what tables call it. */
  String name();

  /** Lets so many callers do it for {@code time}. */
  Slice run(Operation operation, Threads threads, int callers, Duration time)
      throws InterruptedException, IOException;

  @Override
  void close() throws IOException;

  /** A client of the toolkit's. */
  static Rival toolkit(String name, String url, int poolSize, boolean coalesced) {
    RedisAccess redis = RedisAccess.builder(url)
        .deadline(Duration.ofSeconds(30))
        .poolSize(poolSize)
        .coalesced(coalesced)
        .build();
    UnifiedJedis client = redis.commands();
    String sha = LuaScript.of("get", Operation.SCRIPT).sha1();
    return new Rival() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public Slice run(Operation operation, Threads threads, int callers, Duration time)
          throws InterruptedException {
        return Slice.run(threads, callers, time, once(operation));
      }

      private IntConsumer once(Operation operation) {
        return switch (operation) {
          case GET -> caller -> client.get("callers:" + caller);
          case SET -> caller -> client.set("callers:" + caller, Operation.VALUE);
          case EVALSHA -> caller -> client.evalsha(sha, 1, "callers:" + caller);
          case MGET -> caller -> client.mget("callers:" + caller, "callers:0", "callers:1");
        };
      }

      @Override
      public void close() {
        redis.close();
      }
    };
  }

  /** A client of the peers' program. */
  static Rival peer(String client, Path program, String java, String url) throws IOException {
    return program(
        client, List.of(java, "-cp", program.toString(), "peers.RedisCallers", client, url));
  }

  /** A client in a process of its own, which answers a line for each slice. */
  static Rival program(String client, List<String> command) throws IOException {
    Process process = new ProcessBuilder(command)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    BufferedReader answers = process.inputReader(StandardCharsets.UTF_8);
    return new Rival() {
      @Override
      public String name() {
        return client;
      }

      @Override
      public Slice run(Operation operation, Threads threads, int callers, Duration time)
          throws IOException {
        String question = String.join(
            " ",
            List.of(
                operation.word(),
                threads.name().toLowerCase(Locale.ROOT),
                Integer.toString(callers),
                Long.toString(time.toMillis())));
        process.getOutputStream().write((question + "\n").getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().flush();
        String answer = answers.readLine();
        if (answer == null) {
          throw new IOException(client + " has ended");
        }
        String[] words = answer.split(" ");
        return new Slice(Double.parseDouble(words[0]), Double.parseDouble(words[1]));
      }

      @Override
      public void close() {
        process.destroy();
        try {
          process.waitFor();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
    };
  }
}
