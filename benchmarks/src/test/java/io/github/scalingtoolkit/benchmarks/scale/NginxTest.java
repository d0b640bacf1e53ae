package io.github.scalingtoolkit.benchmarks.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NginxTest {
  private static final Path OWN = Path.of("../reference-todo-app/deploy/nginx");

  @TempDir
  private Path directory;

  private String copied(String file) throws IOException {
    return Files.readString(directory.resolve(file));
  }

  @Test
  void takesTheDeployedConfigurationWithOtherAddressesAndWithoutTls() throws Exception {
    Nginx.configure(directory, OWN, 8081, List.of(4001, 4002));

    assertThat(copied("todo-processes.conf"))
        .contains(
            "server 127.0.0.1:4001 max_fails", "server 127.0.0.1:4002 max_fails", "least_conn")
        .doesNotContain("127.0.0.1:3000");
    assertThat(copied("todo.conf").replace("listen 127.0.0.1:8081", "listen 8080"))
        .isEqualTo(Files.readString(OWN.resolve("todo.conf")));
    assertThat(copied("todo-locations.conf"))
        .isEqualTo(Files.readString(OWN.resolve("todo-locations.conf")));
    assertThat(copied("nginx.conf"))
        .contains("include todo.conf;")
        .doesNotContain("include todo-tls");
  }

  @Test
  void saysSoWhenTheConfigurationIsNotWhatItWas() throws IOException {
    Path other = Files.createDirectory(directory.resolve("other"));
    for (String file : List.of("nginx.conf", "todo.conf", "todo-locations.conf")) {
      Files.writeString(other.resolve(file), "events {}");
    }

    assertThatThrownBy(() -> Nginx.configure(directory, other, 8081, List.of(4001)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("nginx.conf has changed");
  }
}
