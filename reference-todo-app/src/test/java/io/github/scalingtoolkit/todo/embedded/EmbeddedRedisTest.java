package io.github.scalingtoolkit.todo.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.todo.stores.StoresException;
import io.github.scalingtoolkit.todo.stores.StoresException.Reason;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

/** A real redis-server that leaves its JVM, as the demo has it. */
class EmbeddedRedisTest {
  @TempDir
  private Path data;

  /** Whatever a test leaves running is found by its own means, and ended. */
  @AfterEach
  void endWhatIsLeft() {
    Path directory = data.resolve("redis");
    if (Files.exists(directory.resolve("endpoint.properties"))) {
      EmbeddedRedis.start(directory, path()).close();
    }
  }

  @Test
  void outlivesAKilledJvmAndIsAdoptedWithItsData() throws Exception {
    String url;
    try (ChildJvm jvm = ChildJvm.start(DemoChild.class, data.toString(), "REDIS")) {
      url = jvm.awaitLine("redis ");
      set(url, "job", "waiting");
      jvm.kill();
    }
    assertThat(get(url, "job")).isEqualTo("waiting");

    try (EmbeddedRedis redis = start()) {
      assertThat(redis.adopted()).isTrue();
      assertThat(redis.url()).isEqualTo(url);
      assertThat(get(redis.url(), "job")).isEqualTo("waiting");
    }

    assertThatThrownBy(() -> get(url, "job")).isInstanceOf(JedisException.class);
  }

  @Test
  void isNotEndedByCtrlCWhichEndsItsJvm() throws Exception {
    assumeTrue(
        Stream.of(path().split(":")).anyMatch(bin -> Files.isExecutable(Path.of(bin, "setsid"))),
        "NOT RUN: no setsid to give a JVM a process group of its own");
    try (ChildJvm jvm =
        ChildJvm.start(List.of("setsid"), DemoChild.class, data.toString(), "REDIS")) {
      String url = jvm.awaitLine("redis ");
      jvm.awaitLine("ready");

      jvm.interruptGroup();

      assertThat(jvm.awaitEnd()).isEqualTo(130);
      set(url, "after", "Ctrl-C");
      assertThat(get(url, "after")).isEqualTo("Ctrl-C");
    }
  }

  @Test
  void endsWithNothingLeftRunningAndItsDataOnDisk() throws Exception {
    EmbeddedRedis first = start();
    set(first.url(), "todo", "kept");
    ProcessHandle process = ProcessHandle.of(first.pid()).orElseThrow();

    first.close();
    first.close();

    assertThat(RedisProcess.runs(process)).isFalse();
    assertThat(data.resolve("redis")).isDirectoryNotContaining("glob:**{endpoint,conf,pid}*");
    try (EmbeddedRedis second = start()) {
      assertThat(second.adopted()).isFalse();
      assertThat(second.url()).isNotEqualTo(first.url());
      assertThat(get(second.url(), "todo")).isEqualTo("kept");
    }
  }

  @Test
  void keepsItsPasswordFromCommandLinesLogsAndOtherUsers() throws Exception {
    try (EmbeddedRedis redis = start()) {
      String password = password(redis.url());

      assertThat(password).hasSize(64);
      Path commandLine = Path.of("/proc/" + redis.pid() + "/cmdline");
      if (Files.exists(commandLine)) {
        assertThat(Files.readString(commandLine, StandardCharsets.ISO_8859_1))
            .contains("redis-server")
            .doesNotContain(password);
      }
      Path directory = data.resolve("redis");
      assertThat(Files.readString(directory.resolve("redis.log"))).doesNotContain(password);
      for (String secret : List.of("endpoint.properties", "redis.conf")) {
        assertThat(PosixFilePermissions.toString(
                Files.getPosixFilePermissions(directory.resolve(secret))))
            .isEqualTo("rw-------");
      }
      assertThatThrownBy(() -> get(redis.url().replace(password, "guess"), "todo"))
          .hasMessageContaining("WRONGPASS");
    }
  }

  @Test
  void isStartedAgainAtTheSamePlaceWhenItIsKilled() throws Exception {
    try (EmbeddedRedis redis = start()) {
      set(redis.url(), "todo", "kept");
      long killed = redis.pid();

      ProcessHandle.of(killed).orElseThrow().destroyForcibly();

      Await.until("a new server is there", () -> redis.pid() != killed);
      assertThat(get(redis.url(), "todo")).isEqualTo("kept");
    }
  }

  @Test
  void isKilledAndStartedAnewWhenItHangs() throws Exception {
    long hanging;
    try (ChildJvm jvm = ChildJvm.start(DemoChild.class, data.toString(), "REDIS")) {
      set(jvm.awaitLine("redis "), "todo", "kept");
      jvm.awaitLine("ready");
      jvm.kill();
    }
    hanging = Long.parseLong(Files.readString(data.resolve("redis/redis.pid")).strip());
    assumeTrue(
        Files.exists(Path.of("/proc/" + hanging + "/cwd")),
        "NOT RUN: no /proc to tell whose a hanging server is");
    new ProcessBuilder("kill", "-STOP", Long.toString(hanging)).start().waitFor();

    try (EmbeddedRedis redis = start()) {
      assertThat(redis.adopted()).isFalse();
      assertThat(redis.pid()).isNotEqualTo(hanging);
      assertThat(get(redis.url(), "todo")).isEqualTo("kept");
    }
  }

  @Test
  void isStartedAnewWhenItsConfigurationIsOfAnotherVersion() throws Exception {
    try (ChildJvm jvm = ChildJvm.start(DemoChild.class, data.toString(), "REDIS")) {
      set(jvm.awaitLine("redis "), "todo", "kept");
      jvm.awaitLine("ready");
      jvm.kill();
    }
    Files.writeString(
        data.resolve("redis/redis.conf"), "maxmemory 1gb\n", StandardOpenOption.APPEND);

    try (EmbeddedRedis redis = start()) {
      assertThat(redis.adopted()).isFalse();
      assertThat(get(redis.url(), "todo")).isEqualTo("kept");
    }
  }

  @Test
  void doesNotTouchAForeignServerWithTheRecordedPid() throws Exception {
    Path elsewhere = Files.createDirectories(data.resolve("elsewhere"));
    try (EmbeddedRedis other = EmbeddedRedis.start(elsewhere, path())) {
      Files.createDirectories(data.resolve("redis"));
      Files.writeString(data.resolve("redis/redis.pid"), other.pid() + "\n");
      Files.copy(
          elsewhere.resolve("endpoint.properties"), data.resolve("redis/endpoint.properties"));

      try (EmbeddedRedis redis = start()) {
        assertThat(redis.pid()).isNotEqualTo(other.pid());
      }

      set(other.url(), "still", "here");
      assertThat(get(other.url(), "still")).isEqualTo("here");
    }
  }

  @Test
  void namesTheFileThatItCannotRead() throws Exception {
    try (EmbeddedRedis redis = start()) {
      set(redis.url(), "todo", "kept");
    }
    Path file = data.resolve("redis/appendonly.aof");
    byte[] damaged = "*3\r\nnot what Redis wrote\r\n".repeat(10).getBytes(StandardCharsets.UTF_8);
    Files.write(file, damaged);

    assertThatThrownBy(this::start)
        .hasMessageContaining("Redis cannot read its data " + file.toRealPath())
        .hasMessageContaining("move it away")
        .asInstanceOf(InstanceOfAssertFactories.type(StoresException.class))
        .returns(Reason.CORRUPT, StoresException::reason)
        .returns(3, StoresException::exitCode);
    assertThat(file).hasBinaryContent(damaged);
    Files.delete(file);
  }

  @Test
  void readsUpToTheCommandThatACrashHasCut() throws Exception {
    try (EmbeddedRedis redis = start()) {
      set(redis.url(), "todo", "kept");
    }
    Files.writeString(
        data.resolve("redis/appendonly.aof"),
        "*3\r\n$3\r\nSET\r\n$4\r\nto",
        StandardOpenOption.APPEND);

    try (EmbeddedRedis redis = start()) {
      assertThat(get(redis.url(), "todo")).isEqualTo("kept");
    }
  }

  @Test
  void takesARedisServerOnThePathWhereItsOwnDoesNotRun() throws Exception {
    Path bin = Files.createDirectories(data.resolve("bin"));
    fakeServer(bin, "Redis server v=7.0.15 sha=0");
    Path notADirectory = Files.createFile(data.resolve("file"));

    RedisBinary found = RedisBinary.find(notADirectory.resolve("bin"), "/nowhere:" + bin, false);

    assertThat(found).isEqualTo(new RedisBinary(bin.resolve("redis-server"), 7, 0));
  }

  @Test
  void saysWhatItTriedWhereNoRedisRuns() throws Exception {
    Path bin = Files.createDirectories(data.resolve("bin"));
    fakeServer(bin, "Redis server v=5.0.14 sha=0");
    Path notADirectory = Files.createFile(data.resolve("file"));

    assertThatThrownBy(() -> RedisBinary.find(notADirectory, bin.toString(), false))
        .hasMessageContaining("no redis-server runs on this machine: ")
        .hasMessageContaining(bin.resolve("redis-server") + " is Redis 5.0, too old")
        .hasMessageContaining("set REDIS_URL")
        .asInstanceOf(InstanceOfAssertFactories.type(StoresException.class))
        .returns(Reason.NO_REDIS, StoresException::reason)
        .returns(1, StoresException::exitCode);
    assertThatThrownBy(() -> RedisBinary.find(notADirectory, "", false))
        .hasMessageContaining("none is on the PATH");
  }

  @Test
  void doesNotStartAnOldServerOnTheDataOfANewOne() throws Exception {
    Path bin = Files.createDirectories(data.resolve("bin"));
    fakeServer(bin, "Redis server v=7.2.1 sha=0");

    RedisBinary found = RedisBinary.find(data.resolve("unpacked"), bin.toString(), true);

    assertThat(found.major()).isEqualTo(7);
    assertThatThrownBy(() -> RedisBinary.find(data.resolve("unpacked"), "", true))
        .hasMessageContaining("cannot read the data of a newer one")
        .hasMessageContaining("install Redis 7.0 or newer");
  }

  private EmbeddedRedis start() {
    try {
      return EmbeddedRedis.start(
          Files.createDirectories(data.resolve("redis")).toRealPath(), path());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static void fakeServer(Path bin, String version) throws IOException {
    Path file =
        Files.writeString(bin.resolve("redis-server"), "#!/bin/sh\necho '" + version + "'\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
  }

  private static String path() {
    return System.getenv().getOrDefault("PATH", "");
  }

  private static String password(String url) {
    return URI.create(url).getUserInfo().substring(1);
  }

  private static void set(String url, String key, String value) {
    try (Jedis jedis = new Jedis(URI.create(url))) {
      jedis.set(key, value);
    }
  }

  private static String get(String url, String key) {
    try (Jedis jedis = new Jedis(URI.create(url))) {
      return jedis.get(key);
    }
  }
}
