package io.github.scalingtoolkit.core.settings;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads a file that holds the value of one setting. */
final class SettingsFile {
  private static final int MOST_BYTES = 64 * 1024;

  private SettingsFile() {}

  /**
   * Returns the content, less one newline at its end, as secrets are mounted into containers.
   *
   * @throws SettingsException if it is too large to be a value
   */
  static String read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MOST_BYTES + 1);
      if (bytes.length > MOST_BYTES) {
        throw new SettingsException(file + " is larger than " + MOST_BYTES + " bytes");
      }
      String content = new String(bytes, StandardCharsets.UTF_8);
      return content.endsWith("\n") ? content.substring(0, content.length() - 1) : content;
    }
  }
}
