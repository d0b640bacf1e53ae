package io.github.scalingtoolkit.core.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.scalingtoolkit.core.redis.RedisUrl.Mode;
import io.github.scalingtoolkit.core.settings.Secret;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
        "redis://u:hidden@h:notaport",
        "redis://u:x@hidden$word",
        "hidden"
      })
  void neverShowsWhatMayBeAPassword(String url) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RedisUrl.parse(url))
        .satisfies(refused -> assertThat(refused.getMessage()).doesNotContain("hidden"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "redis://u:hid@den@h         | the password holds '@': percent-encode it as %40",
        "redis://u:hid/den@h         | the password holds '/': percent-encode it as %2F",
        "redis://:hid:den@h          | the password holds ':': percent-encode it as %3A",
        "redis://u:hid#den@h         | the password holds '#': percent-encode it as %23",
        "redis://u:hid?den@h         | the password holds '?': percent-encode it as %3F",
        "redis://u:hid%den%@h        | the password holds '%': percent-encode it as %25",
        "redis://u:hid den@h         | the password holds a space: percent-encode it as %20",
        "redis://u:hid@d/en@h        | the password holds '@' and '/': percent-encode it as %40 and %2F",
        "redis://u:hid%FFden@h       | the password is not UTF-8 once decoded: percent-encode it as UTF-8",
        "redis://hid/den:x@h         | the user holds '/': percent-encode it as %2F",
        "redis://hid@den@h           | the user holds '@': percent-encode it as %40",
        "redis+cluster://u:hid/den@a:1,b:2     | the password holds '/': percent-encode it as %2F",
        "redis+sentinel://u:hid@den@a:1/m      | the password holds '@': percent-encode it as %40",
      })
  void whatMustBePercentEncodedIsNamedWithItsPartAndNotShown(String url, String why) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RedisUrl.parse(url))
        .withMessageEndingWith(
            "@" + url.substring(url.lastIndexOf('@') + 1) + "' cannot be used: " + why)
        .withMessageNotContaining("hid")
        .withMessageNotContaining("den");
  }

  @Test
  void charactersThatMeanNothingInAUrlNeedNoEncoding() {
    RedisUrl url = RedisUrl.parse("redis://us+er:pä$$w!rd^&*()=~`[]{}|\\<>@h");

    assertThat(url.user()).isEqualTo("us+er");
    assertThat(url.password()).isEqualTo(Secret.of("pä$$w!rd^&*()=~`[]{}|\\<>"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "redis://h:6379?timeout=hidden               | it takes no parameters: remove timeout",
        "redis://:hidden@h/0?timeout=1&ssl=hidden    | it takes no parameters: remove timeout, ssl",
        "redis+sentinel://a/m?sentinelMasterId=x     | it takes no parameters: remove sentinelMasterId",
        "redis://h?hidden                            | it takes no parameters (",
        "redis://:hid?den                            | it takes no parameters (",
        "redis://h:6379#hidden                       | it must not hold '#'",
      })
  void parametersAreRefusedByNameAndWithoutTheirValues(String url, String why) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RedisUrl.parse(url))
        .withMessageContaining("cannot be used: " + why)
        .withMessageNotContaining("hid");
  }
}
