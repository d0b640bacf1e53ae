package io.github.scalingtoolkit.todo.deploy;

import static io.github.scalingtoolkit.todo.deploy.Yaml.list;
import static io.github.scalingtoolkit.todo.deploy.Yaml.map;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.Ports;
import io.github.scalingtoolkit.todo.config.TestSettings;
import io.github.scalingtoolkit.todo.config.TodoSettings;
import io.github.scalingtoolkit.todo.login.PasswordHasher;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

/** What the Compose file hands to its containers, by the programs that are to read it. */
@Tag("once")
class ComposePartsTest {
  private static final Path COMPOSE = Yaml.DEPLOY.resolve("compose");
  /** Others may take a port that was free. */
  private static final int MOST_STARTS = 3;

  private static final String TAKEN = "already in use";

  private final Map<String, Object> compose = Yaml.document(COMPOSE.resolve("compose.yaml"));
  private final Map<String, Object> services = map(compose.get("services"));

  @TempDir
  private Path directory;

  @Test
  void theScriptMakesEverySecretOnceAndTheServiceTakesThem() throws IOException {
    assumeTrue(
        Tool.find("bash").isPresent() && Tool.find("openssl").isPresent(),
        "NOT RUN: secrets.sh: there is no bash, or no openssl");
    Map<String, String> first = makeSecrets();
    Map<String, String> again = makeSecrets();

    assertThat(first.keySet())
        .isEqualTo(new TreeSet<>(map(compose.get("secrets")).keySet()));
    assertThat(again).as("what is there stays").isEqualTo(first);
    assertThat(Set.copyOf(first.values())).hasSameSizeAs(first.values());
    assertThat(PosixFilePermissions.toString(
            Files.getPosixFilePermissions(directory.resolve("secrets"))))
        .isEqualTo("rwx------");
    for (String app : List.of("todo-1", "todo-2", "todo-3")) {
      Map<String, String> settings = new TreeMap<>();
      map(map(services.get(app)).get("environment")).forEach((key, value) -> {
        if (key.endsWith("_FILE")) {
          settings.put(
              key.substring(0, key.length() - "_FILE".length()),
              first.get(((String) value).replaceFirst("^/run/secrets/", "")));
        } else if (!key.equals("JDK_JAVA_OPTIONS")) {
          settings.put(key, (String) value);
        }
      });
      TodoSettings read = TestSettings.of(settings);
      assertThat(read.listing()).extracting("key").containsAll(settings.keySet());
      assertThat(read.mode()).isEqualTo(TodoSettings.Mode.PRODUCTION);
      assertThat(read.mongoUri().orElseThrow())
          .contains(first.get("mongodb-password"), "@mongodb:27017/todoapp", "replicaSet=rs0");
      assertThat(read.redisUrl().orElseThrow())
          .contains(first.get("redis-password"), "@redis:6379");
      assertThat(read.smtpUrl()).isPresent();
    }
  }

  @Test
  void theFirstUsersHashIsOneThatTheServiceReads() throws IOException {
    Optional<Path> node = Tool.find("node");
    assumeTrue(
        node.isPresent(), "NOT RUN: MongoDB's first users: there is no node to run their script");
    String stub = """
        const written = {};
        globalThis.db = { getSiblingDB: name => ({
          createUser: user => { written.login = { name, ...user }; },
          users: { insertOne: user => { written.user = user; } },
        }) };
        const read = require("fs").readFileSync;
        require("fs").readFileSync = path =>
          path.startsWith("/run/secrets/") ? path.slice(13) + " \\n" : read(path, "utf8");
        require("vm").runInThisContext(
          "(require => {" + read(process.argv[1], "utf8") + "})")(require);
        console.log(JSON.stringify(written));
        """;

    Tool.Outcome run = Tool.run(
        Path.of("."),
        List.of(
            node.get().toString(),
            "-e",
            stub,
            COMPOSE.resolve("mongodb/users.js").toAbsolutePath().toString()));

    assertThat(run.code()).as(run.output()).isZero();
    JsonNode written = new ObjectMapper().readTree(run.output());
    assertThat(written.at("/login/name").textValue()).isEqualTo("todoapp");
    assertThat(written.at("/login/user").textValue()).isEqualTo("todo");
    assertThat(written.at("/login/pwd").textValue()).isEqualTo("mongodb-password");
    assertThat(written.at("/login/roles").toString())
        .isEqualTo("[{\"role\":\"readWrite\",\"db\":\"todoapp\"}]");
    assertThat(written.at("/user/username").textValue()).isEqualTo("user");
    String hash = written.at("/user/passwordHash").textValue();
    assertThat(new PasswordHasher().fits(Secret.of("user-password"), hash)).isTrue();
    assertThat(new PasswordHasher().fits(Secret.of("pass"), hash)).isFalse();
  }

  @Test
  void redisTakesItsFileAndAsksForThePassword() throws Exception {
    Optional<Path> redis = Tool.find("redis-server");
    assumeTrue(
        redis.isPresent() && Tool.find("sh").isPresent(),
        "NOT RUN: Compose's Redis: there is no redis-server, or no shell");
    Path data = Files.createDirectory(directory.resolve("data"));
    Files.writeString(
        directory.resolve("redis.conf"),
        Yaml.read(COMPOSE.resolve("redis/redis.conf")).replace("dir /data", "dir " + data));
    Files.writeString(directory.resolve("redis-password"), "of the test\n".replace(' ', '-'));
    List<Object> command = list(map(services.get("redis")).get("command"));
    assertThat(command.subList(0, 2)).containsExactly("sh", "-ec");
    String script = ((String) command.get(2))
        .replace("$$", "$")
        .replace("/etc/redis/", directory + "/")
        .replace("/run/secrets/", directory + "/")
        .replace("/tmp/redis.conf", directory + "/made.conf")
        .stripTrailing();
    int port = Ports.free();
    Process process = startRedis(script, port);
    for (int starts = 1; starts < MOST_STARTS && !process.isAlive(); starts++) {
      assertThat(redisLog()).contains(TAKEN);
      port = Ports.free();
      process = startRedis(script, port);
    }
    try {
      assertThat(process.isAlive()).as(redisLog()).isTrue();
      try (Jedis stranger = new Jedis("127.0.0.1", port);
          Jedis service = new Jedis(URI.create("redis://:of-the-test@127.0.0.1:" + port))) {
        assertThatThrownBy(stranger::dbSize).hasMessageContaining("NOAUTH");
        assertThat(service.configGet("maxmemory-policy"))
            .containsEntry("maxmemory-policy", "noeviction");
        assertThat(service.configGet("appendonly")).containsEntry("appendonly", "yes");
        assertThat(process.info().arguments().map(List::of).orElse(List.of()))
            .as("the password is in no argument")
            .noneMatch(argument -> argument.contains("of-the-test"));
      }
    } finally {
      process.destroy();
    }
    assertThat(process.waitFor(30, TimeUnit.SECONDS))
        .as("it is the shell's process")
        .isTrue();
  }

  /** Returns once it answers or has ended. */
  private Process startRedis(String script, int port) throws IOException {
    Process process = new ProcessBuilder(
            "sh", "-ec", script + " --port " + port + " --bind 127.0.0.1")
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("redis.log").toFile())
        .start();
    try {
      Await.until("Redis answers or ends", () -> !process.isAlive() || answers(port));
      return process;
    } catch (AssertionError neither) {
      process.destroy();
      throw neither;
    }
  }

  private String redisLog() {
    return Yaml.read(directory.resolve("redis.log"));
  }

  @Test
  void nginxTakesTheDeployedFilesWithContainersAsProcesses() throws IOException {
    Map<Path, Path> mounted = new TreeMap<>();
    for (Object volume : list(map(services.get("nginx")).get("volumes"))) {
      String[] parts = ((String) volume).split(":");
      mounted.put(Path.of(parts[1]), COMPOSE.resolve(parts[0]).normalize());
    }
    Path own = Yaml.DEPLOY.resolve("nginx");
    Path processes = COMPOSE.resolve("todo-processes.conf");
    assertThat(mounted)
        .containsAllEntriesOf(Map.of(
            Path.of("/etc/nginx/conf.d/default.conf"),
            own.resolve("todo.conf"),
            Path.of("/etc/nginx/conf.d/tls.conf"),
            own.resolve("todo-tls.conf"),
            Path.of("/etc/nginx/todo-locations.conf"),
            own.resolve("todo-locations.conf"),
            Path.of("/etc/nginx/todo-processes.conf"),
            processes,
            Path.of("/etc/nginx/todo-certificate.conf"),
            COMPOSE.resolve("todo-certificate.conf")));
    assertThat(directives(processes, "todo-\\d:"))
        .as("all but the hosts")
        .isEqualTo(directives(own.resolve("todo-processes.conf"), "127.0.0.1:"));
    assertThat(Yaml.read(processes)).contains("todo-1:3000", "todo-2:3010", "todo-3:3020");
    assertThat(List.of("todo-1", "todo-2", "todo-3"))
        .extracting(
            name -> map(map(services.get(name)).get("environment")).getOrDefault("PORT", "3000"))
        .containsExactly("3000", "3010", "3020");

    Optional<Path> nginx = Tool.find("nginx");
    assumeTrue(
        nginx.isPresent() && Tool.find("openssl").isPresent(),
        "NOT RUN: Compose's nginx files: there is no nginx, or no openssl");
    makeSecrets();
    Tool.Outcome test = testNginx(nginx.get(), mounted);
    for (int starts = 1; starts < MOST_STARTS && test.output().contains(TAKEN); starts++) {
      test = testNginx(nginx.get(), mounted);
    }
    assertThat(test.code()).as(test.output()).isZero();
  }

  private static List<String> directives(Path processes, String host) {
    return Yaml.read(processes)
        .lines()
        .filter(line -> !line.strip().startsWith("#"))
        .map(line -> line.replaceFirst(host, "host:"))
        .toList();
  }

  /** Has nginx read them where the container has them, the main file as its image has it. */
  private Tool.Outcome testNginx(Path nginx, Map<Path, Path> mounted) throws IOException {
    Path etc = directory.resolve("etc");
    for (Map.Entry<Path, Path> file : mounted.entrySet()) {
      Path there = etc.resolve(Path.of("/etc/nginx").relativize(file.getKey()));
      Files.createDirectories(there.getParent());
      Files.writeString(
          there,
          Yaml.read(file.getValue())
              .replaceAll("todo-\\d:", "127.0.0.1:")
              .replace("/run/secrets/", directory.resolve("secrets") + "/")
              .replace("listen 8080", "listen 127.0.0.1:" + Ports.free())
              .replace("listen 8443", "listen 127.0.0.1:" + Ports.free()));
    }
    Files.writeString(
        etc.resolve("nginx.conf"),
        "pid nginx.pid; events {} http { include " + etc.resolve("conf.d/*.conf") + "; }\n");
    return Tool.run(etc, List.of(nginx.toString(), "-t", "-p", etc.toString(), "-c", "nginx.conf"));
  }

  private Map<String, String> makeSecrets() throws IOException {
    Tool.Outcome made = Tool.run(
        Path.of("."),
        List.of(
            "bash",
            COMPOSE.resolve("secrets.sh").toString(),
            directory.resolve("secrets").toString()));
    assertThat(made.code()).as(made.output()).isZero();
    Map<String, String> secrets = new TreeMap<>();
    try (var files = Files.list(directory.resolve("secrets"))) {
      for (Path file : files.toList()) {
        secrets.put(file.getFileName().toString(), Files.readString(file).strip());
      }
    }
    return secrets;
  }

  private static boolean answers(int port) {
    try (Jedis jedis = new Jedis("127.0.0.1", port)) {
      return jedis.isConnected() || jedis.ping() != null;
    } catch (JedisDataException refusesStrangers) {
      return true;
    } catch (JedisConnectionException notYet) {
      return false;
    }
  }
}
