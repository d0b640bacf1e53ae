package io.github.scalingtoolkit.cache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.params.ClientKillParams;

class RemoteEntriesTest {
  private final List<String> tokens = new ArrayList<>();

  private String next(String id) {
    String token = "token" + tokens.size();
    tokens.add(token);
    return token;
  }

  @Test
  void everyTryToTakeALeaseHasATokenOfItsOwn() {
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = Fixture.patient(server.url());
        Jedis admin = server.connect()) {
      RemoteEntries remote =
          new RemoteEntries(redis, new Keys("todos"), Duration.ofMinutes(1), Duration.ofMinutes(1));
      remote.read("k");
      admin.clientKill(
          new ClientKillParams().type(ClientType.NORMAL).skipMe(ClientKillParams.SkipMe.YES));

      byte[] entry = remote.readOrLease("k", this::next, false).entry();

      assertThat(tokens).containsExactly("token0", "token1");
      assertThat(new String(entry, UTF_8)).isEqualTo("Ltoken1");
      // Pipelines have connections of their own: one is to be there when it is killed.
      remote.readOrLeaseAll(Map.of("c", false, "d", false), id -> "other" + id);
      admin.clientKill(
          new ClientKillParams().type(ClientType.NORMAL).skipMe(ClientKillParams.SkipMe.YES));

      Map<String, Boolean> ids = new LinkedHashMap<>();
      ids.put("a", false);
      ids.put("b", false);
      remote.readOrLeaseAll(ids, this::next);

      assertThat(tokens).hasSize(6).doesNotHaveDuplicates();
      assertThat(admin.get("tc:todos:b")).isEqualTo("Ltoken5");
    }
  }
}
