package io.github.scalingtoolkit.benchmarks.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.benchmarks.report.Scenario;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PeerTest {
  @TempDir
  private Path directory;

  @Test
  void everyPeerOfTheProjectCanBeRead() throws IOException {
    assertThat(Peer.all(Path.of("../benchmarks/peers"))).extracting(Peer::name).contains("express");
  }

  @Test
  void theVersionsThatALockFilePinsAreSaid() throws IOException {
    Files.writeString(directory.resolve("package-lock.json"), """
        {"packages": {"": {"dependencies": {"express": "^5.1.0"}},
                      "node_modules/express": {"version": "5.3.1"}}}
        """);

    assertThat(described("[\"health\"]").pinned()).isEqualTo("express 5.3.1");
  }

  @Test
  void aPeerThatDoesAllFourIsAlsoAskedForTheMix() throws IOException {
    assertThat(described("[\"health\", \"list\", \"create\", \"login\"]").scenarios())
        .contains(Scenario.MIX);
    assertThat(described("[\"health\", \"list\"]").scenarios())
        .containsExactly(Scenario.HEALTH, Scenario.LIST);
  }

  @Test
  void aWrongDescriptionIsRefusedWithItsFileAndField() {
    assertThatThrownBy(() -> described("[\"helth\"]"))
        .isInstanceOf(IOException.class)
        .hasMessageEndingWith("peer.json: rows: there is no scenario 'helth'");
  }

  @Test
  void packagesOfWhichSomeMayBeMissingAreNotInstalled() throws IOException {
    Peer peer = described("[\"health\"]");
    Path packages = Files.createDirectories(directory.resolve("node_modules"));
    assertThat(peer.isBuilt(directory)).isFalse();

    Files.createFile(packages.resolve(".package-lock.json"));

    assertThat(peer.isBuilt(directory)).isTrue();
  }

  @Test
  void aTokenOfAnotherUserHasThePeersOwnClaimsAndIsSignedAnew() {
    String token = encoded("{\"alg\":\"HS256\"}") + "."
        + encoded("{\"userId\":\"user123\",\"exp\":9}") + ".signature";

    String other = Tokens.ofAnother(token, "user123", "another-user", "secret");

    assertThat(other)
        .startsWith(encoded("{\"alg\":\"HS256\"}") + "."
            + encoded("{\"userId\":\"another-user\",\"exp\":9}") + ".")
        .doesNotEndWith(".signature");
  }

  @Test
  void whatTheTutorialsCommandPrintsIsRead() {
    var legacy = Ab.read(io.github.scalingtoolkit.benchmarks.report.Row.SINGLE, """
        Complete requests:      10000
        Failed requests:        3
        Requests per second:    12091.33 [#/sec] (mean)
        Time per request:       8.270 [ms] (mean)
        Time per request:       0.083 [ms] (mean, across all concurrent requests)
        """);

    assertThat(legacy.perSecond()).isEqualTo(12091.33);
    assertThat(legacy.meanMillis()).isEqualTo(8.27);
    assertThat(legacy.failed()).isEqualTo(3);
  }

  @Test
  void aCommandThatFailedIsNotRunWithItsLastLine() {
    var legacy = Ab.read(
        io.github.scalingtoolkit.benchmarks.report.Row.SINGLE,
        "Benchmarking\napr_socket_recv: Connection refused (111)\n");

    assertThat(legacy.perSecond()).isNull();
    assertThat(legacy.reason()).isEqualTo("it failed: apr_socket_recv: Connection refused (111)");
  }

  private Peer described(String rows) throws IOException {
    Files.writeString(directory.resolve("peer.json"), """
        {"name": "some", "title": "Some 1", "build": ["npm", "ci"], "start": ["node", "server.js"],
         "rows": %s, "queue": "bull", "remarks": "Nothing."}
        """.formatted(rows));
    return Peer.read(directory);
  }

  private static String encoded(String text) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
