package io.github.scalingtoolkit.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** What holds for the name, the description and the tags of every meter of ours. */
public final class MetricConventions {
  private static final Pattern OURS =
      Pattern.compile("toolkit\\.(core|cache|queue|auth|todo|health|redis)(\\.[a-z]+)+");
  private static final Pattern OTHERS = Pattern.compile(
      "(resilience4j\\.(circuitbreaker|bulkhead|retry)|jvm|process|system)(\\.[a-z0-9]+)+");
  private static final Pattern UNIT_IN_NAME =
      Pattern.compile(".*\\.(seconds|millis|ms|nanos|bytes|total|count)");
  private static final int MOST_VALUES = 40;

  private MetricConventions() {}

  /** Fails, naming the meter, if one in {@code registry} does not follow them. */
  public static void assertFollowedBy(MeterRegistry registry) {
    assertThat(registry.getMeters()).isNotEmpty();
    Map<String, Set<String>> values = new HashMap<>();
    for (Meter meter : registry.getMeters()) {
      Meter.Id id = meter.getId();
      boolean ours = OURS.matcher(id.getName()).matches();
      assertThat(ours || OTHERS.matcher(id.getName()).matches())
          .as("%s is a name of ours or a known one", id)
          .isTrue();
      if (ours) {
        assertThat(id.getDescription()).as("description of %s", id).isNotBlank();
        assertThat(id.getName()).as("unit in the name").doesNotMatch(UNIT_IN_NAME);
        assertThat(id.getTags())
            .extracting(Tag::getKey)
            .as("tags of %s", id)
            .allMatch(key -> key.matches("[a-z.]+"));
      }
      for (Tag tag : id.getTags()) {
        Set<String> seen =
            values.computeIfAbsent(id.getName() + " " + tag.getKey(), key -> new HashSet<>());
        seen.add(tag.getValue());
        assertThat(seen).as("values of %s", tag.getKey()).hasSizeLessThan(MOST_VALUES);
      }
    }
  }
}
