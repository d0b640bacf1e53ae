package io.github.scalingtoolkit.todo.config;

import io.github.scalingtoolkit.core.settings.SettingsSource;
import java.nio.file.Path;
import java.util.Map;

/** Settings from a map alone, whatever the machine's environment says. */
public final class TestSettings {
  private TestSettings() {}

  public static TodoSettings of(Map<String, String> values) {
    return SettingsReader.read(
        true,
        SettingsSource.of("test", values),
        SettingsSource.of("none", Map.of()),
        Path.of("no-such.env"));
  }
}
