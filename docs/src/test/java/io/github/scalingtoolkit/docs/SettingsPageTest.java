package io.github.scalingtoolkit.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.settings.Setting;
import io.github.scalingtoolkit.core.settings.SettingsSource;
import io.github.scalingtoolkit.todo.config.SettingsReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The page of settings names what the service reads, and nothing else. */
class SettingsPageTest {
  private static final Pattern FIRST_COLUMN =
      Pattern.compile("^\\| (`[^|]*`) \\|", Pattern.MULTILINE);
  private static final Pattern KEY = Pattern.compile("`([A-Z_]+)`");

  @Test
  void namesEverySettingThatIsReadAndNoOther() throws IOException {
    Set<String> read =
        SettingsReader.read(true, SettingsSource.of("none", Map.of())).listing().stream()
            .map(Setting::key)
            .collect(Collectors.toCollection(TreeSet::new));

    Set<String> named = new TreeSet<>();
    Matcher cell = FIRST_COLUMN.matcher(Files.readString(Path.of("settings.md")));
    while (cell.find()) {
      Matcher key = KEY.matcher(cell.group(1));
      while (key.find()) {
        named.add(key.group(1));
      }
    }

    assertThat(named).isEqualTo(read);
  }
}
