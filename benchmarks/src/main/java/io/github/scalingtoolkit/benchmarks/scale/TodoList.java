package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.benchmarks.verify.Client;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** The list that is read over and over: ten todos of one user. */
final class TodoList {
  private static final int TODOS = 10;

  private TodoList() {}

  static void fill(Target target) throws IOException, InterruptedException {
    Client client = new Client(target.url());
    for (int i = 0; i < TODOS; i++) {
      Client.Answer created =
          client.post("/api/todos", user(target), "{\"title\":\"todo number " + i + "\"}");
      if (created.status() != 201) {
        throw new IOException("a create was answered with " + created.status());
      }
    }
  }

  /**
   * Reads it until it is whole and comes from where it should, and returns its bytes.
   *
   * @param expectedCache what {@code X-Cache} must say; empty if anything
   */
  static byte[] read(Target target, String expectedCache) throws IOException, InterruptedException {
    Client client = new Client(target.url());
    Client.Answer list = client.get("/api/todos", user(target));
    for (int i = 0; i < 200 && !isWhole(list, expectedCache); i++) {
      Thread.sleep(10);
      list = client.get("/api/todos", user(target));
    }
    if (!isWhole(list, expectedCache)) {
      throw new IOException("the list was answered with " + list.status() + ", X-Cache '"
          + list.header("X-Cache") + "' where '" + expectedCache + "' was expected: "
          + list.text().substring(0, Math.min(100, list.text().length())));
    }
    return list.text().getBytes(StandardCharsets.UTF_8);
  }

  static Map<String, String> user(Target target) {
    return Map.of("Authorization", "Bearer " + target.token());
  }

  private static boolean isWhole(Client.Answer list, String expectedCache) {
    return list.status() == 200
        && list.json().size() == TODOS
        && (expectedCache.isEmpty() || list.header("X-Cache").equals(expectedCache));
  }
}
