package io.github.scalingtoolkit.benchmarks.scale;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ServiceTest {
  @Test
  void hasTheOptionsOfItsImageAndTheHeapOfAContainerOf256MiB() throws IOException {
    List<String> image =
        Files.readAllLines(Path.of("../reference-todo-app/deploy/docker/jvm.options")).stream()
            .filter(line -> !line.startsWith("#"))
            .toList();

    assertThat(image).contains("-XX:MaxRAMPercentage=60");
    List<String> expected = new ArrayList<>(image);
    expected.remove("-XX:MaxRAMPercentage=60");
    expected.addAll(List.of("-Xms8m", "-Xmx154m"));
    // A process that ends refuses its run already.
    expected.remove("-XX:+ExitOnOutOfMemoryError");
    assertThat(Service.JVM_OPTIONS).containsExactlyInAnyOrderElementsOf(expected);
  }
}
