package io.github.scalingtoolkit.benchmarks.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class NginxTest {
  private static final Path OWN = Path.of("../reference-todo-app/deploy/nginx/nginx.conf");

  @Test
  void takesTheProjectsConfigurationWithOtherAddressesAndWithoutTls() throws Exception {
    String text = Nginx.configuration(Files.readString(OWN), 8081, List.of(4001, 4002));

    assertThat(text)
        .contains("listen 127.0.0.1:8081")
        .contains("server 127.0.0.1:4001 max_fails")
        .contains("server 127.0.0.1:4002 max_fails")
        .contains("least_conn")
        .doesNotContain("127.0.0.1:3000")
        .doesNotContain("ssl");
    assertThat(text.chars().filter(c -> c == '{').count())
        .isEqualTo(text.chars().filter(c -> c == '}').count());
  }

  @Test
  void saysSoWhenTheConfigurationIsNotWhatItWas() {
    assertThatThrownBy(() -> Nginx.configuration("events {}", 8081, List.of(4001)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("nginx.conf has changed");
  }
}
