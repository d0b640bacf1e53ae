package io.github.scalingtoolkit.core.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.scalingtoolkit.core.redis.RedisUrl.Mode;
import io.github.scalingtoolkit.core.settings.Secret;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.HostAndPort;

class RedisUrlTest {
  @Test
  void readsAStandaloneServer() {
    RedisUrl url = RedisUrl.parse("redis://localhost");

    assertThat(url.mode()).isEqualTo(Mode.STANDALONE);
    assertThat(url.tls()).isFalse();
    assertThat(url.nodes()).containsExactly(new HostAndPort("localhost", 6379));
    assertThat(url.user()).isNull();
    assertThat(url.password()).isNull();
    assertThat(url.database()).isZero();
  }

  @Test
  void readsUserPasswordDatabaseAndTls() {
    RedisUrl url = RedisUrl.parse("rediss://ada:p%40ss%2Fw%3Ard+x@cache.example:6380/3");

    assertThat(url.tls()).isTrue();
    assertThat(url.user()).isEqualTo("ada");
    assertThat(url.password()).isEqualTo(Secret.of("p@ss/w:rd+x"));
    assertThat(url.nodes()).containsExactly(new HostAndPort("cache.example", 6380));
    assertThat(url.database()).isEqualTo(3);
  }

  @Test
  void readsAPasswordWithoutUser() {
    RedisUrl url = RedisUrl.parse("redis://:secret@127.0.0.1:6379");

    assertThat(url.user()).isNull();
    assertThat(url.password()).isEqualTo(Secret.of("secret"));
  }

  @Test
  void readsClusterNodes() {
    RedisUrl url = RedisUrl.parse("redis+cluster://a:7000,b:7001,[::1]:7002");

    assertThat(url.mode()).isEqualTo(Mode.CLUSTER);
    assertThat(url.nodes())
        .containsExactly(
            new HostAndPort("a", 7000), new HostAndPort("b", 7001), new HostAndPort("::1", 7002));
  }

  @Test
  void readsSentinelsMasterAndDatabase() {
    RedisUrl url = RedisUrl.parse("rediss+sentinel://:pw@a,b:26380/mymaster/2");

    assertThat(url.mode()).isEqualTo(Mode.SENTINEL);
    assertThat(url.tls()).isTrue();
    assertThat(url.nodes())
        .containsExactly(new HostAndPort("a", 26379), new HostAndPort("b", 26380));
    assertThat(url.master()).isEqualTo("mymaster");
    assertThat(url.database()).isEqualTo(2);
  }

  @Test
  void neverShowsUserOrPassword() {
    assertThat(RedisUrl.parse("redis://ada:secret@h:1/2")).hasToString("redis://***@h:1/2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RedisUrl.parse("redis://ada:secret@h:notaport"))
        .satisfies(e ->
            assertThat(e.getMessage()).doesNotContain("ada", "secret").contains("***@h:notaport"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RedisUrl.parse("http://ada:sec@ret@h"))
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("ada", "sec@", "ret@"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "localhost:6379",
        "http://localhost",
        "redis://",
        "redis://h:0",
        "redis://h:65536",
        "redis://h:6379/x",
        "redis://h:6379/1/2",
        "redis://a,b",
        "redis+cluster://a:1/1",
        "redis+sentinel://a:1",
        "redis+sentinel://a:1/",
        "redis+cluster://a:1,,b:2",
        "redis://u:%zz@h",
        "redis://h:6379?x=1",
        "redis://h h"
      })
  void refusesWhatHasNoneOfTheFormsAndSaysWhy(String url) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RedisUrl.parse(url))
        .withMessageStartingWith("Redis URL '")
        .withMessageContaining("cannot be used: ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "redis://:hidden/def@h:6379",
        "redis://u:12345/hidden@h",
        "redis://:hidden",
        "redis://u:hidden",
        "redis://u:hidden@h:notaport"
      })
  void neverShowsWhatMayBeAPassword(String url) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RedisUrl.parse(url))
        .satisfies(refused -> assertThat(refused.getMessage()).doesNotContain("hidden"));
  }
}
