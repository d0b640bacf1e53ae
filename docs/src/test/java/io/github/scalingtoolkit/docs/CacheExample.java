package io.github.scalingtoolkit.docs;

// tag::cache[]
import com.fasterxml.jackson.core.type.TypeReference;
import io.github.scalingtoolkit.cache.CacheAside;
import io.github.scalingtoolkit.cache.Codec;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

class CacheExample {
  record Todo(String title) {}

  public static void main(String[] arguments) {
    String url = arguments.length > 0 ? arguments[0] : "redis://localhost:6379";
    Map<String, List<Todo>> database = new ConcurrentHashMap<>();

    try (RedisAccess redis = RedisAccess.open(url);
        CacheAside<String, List<Todo>> todos = CacheAside.builder(
                redis, "todos", Codec.json(new TypeReference<List<Todo>>() {}))
            .timeToLive(Duration.ofSeconds(30))
            .local(10_000, Duration.ofSeconds(30))
            .build()) {
      todos.write("ada", () -> {
        database.put("ada", List.of(new Todo("buy milk")));
      });

      List<Todo> list = todos.get("ada", user -> database.getOrDefault(user, List.of()));
      System.out.println("todos of ada: " + list);
    }
  }
}
// end::cache[]
