package io.github.scalingtoolkit.benchmarks.scale;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ServiceTest {
  @Test
  void isMeasuredWithTheOptionsOfItsImageAndTheHeapOfAContainerOf256MiB() throws IOException {
    List<String> image =
        Files.readAllLines(Path.of("../reference-todo-app/deploy/docker/jvm.options")).stream()
            .filter(line -> !line.startsWith("#"))
            .toList();

    assertThat(image).contains("-XX:MaxRAMPercentage=60");
    assertThat(Service.JVM_OPTIONS).contains("-Xms8m", "-Xmx154m");
    assertThat(image)
        .filteredOn(line -> !line.startsWith("-XX:MaxRAMPercentage"))
        // A process that ends by itself refuses its run already.
        .filteredOn(line -> !line.equals("-XX:+ExitOnOutOfMemoryError"))
        .isSubsetOf(Service.JVM_OPTIONS);
  }
}
