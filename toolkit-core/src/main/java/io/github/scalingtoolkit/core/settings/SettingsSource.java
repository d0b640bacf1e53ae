package io.github.scalingtoolkit.core.settings;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A place that settings come from.
 *
 * @param name what messages call it
 * @param lookup returns the value of a key, or null
 * @param keys returns the keys it has, for hints at names that nothing reads; may be empty if it cannot tell
 */
public record SettingsSource(
    String name, Function<String, @Nullable String> lookup, Supplier<Set<String>> keys) {

  /** Returns the JVM's {@code -D} properties. */
  public static SettingsSource systemProperties() {
    return new SettingsSource(
        "-D", System::getProperty, () -> System.getProperties().stringPropertyNames());
  }

  /** Returns the environment of the process. */
  public static SettingsSource environment() {
    return new SettingsSource(
        "environment", System::getenv, () -> System.getenv().keySet());
  }

  /** Returns a source of fixed values. */
  public static SettingsSource of(String name, Map<String, String> values) {
    Map<String, String> copy = Map.copyOf(values);
    return new SettingsSource(name, copy::get, copy::keySet);
  }

  /**
   * Reads a {@code .env} file: {@code KEY=value} lines, {@code #} comments, an optional {@code export }, values with or
   * without quotes. A missing file has no values.
   *
   * @throws SettingsException if the file cannot be read or a line has another form; the message names the line's number
   *     and not its text
   */
  public static SettingsSource dotEnv(Path file) {
    Map<String, String> values = new HashMap<>();
    int number = 0;
    try {
      for (String raw : Files.readAllLines(file, StandardCharsets.UTF_8)) {
        number++;
        String line = raw.strip();
        if (line.isEmpty() || line.startsWith("#")) {
          continue;
        }
        String pair = line.startsWith("export ") ? line.substring(7).strip() : line;
        int equals = pair.indexOf('=');
        if (equals < 1 || !pair.substring(0, equals).strip().matches("[A-Za-z_][A-Za-z0-9_.]*")) {
          throw new SettingsException(file + " line " + number + " is not KEY=value");
        }
        values.put(
            pair.substring(0, equals).strip(),
            unquoted(pair.substring(equals + 1).strip()));
      }
    } catch (NoSuchFileException none) {
      return of(file.toString(), Map.of());
    } catch (IOException e) {
      throw new SettingsException(
          file + " cannot be read as UTF-8 text: " + e.getClass().getSimpleName());
    }
    return of(file.toString(), values);
  }

  /**
   * Reads a directory as secrets and configuration are mounted into containers: a file is a key, its content the value,
   * less one newline at its end. Directories in it and files whose names begin with a dot are no keys. Reads it once.
   *
   * @throws SettingsException if the directory or a file cannot be read, or a file is larger than 64 KiB
   */
  public static SettingsSource directory(Path directory) {
    Map<String, String> values = new HashMap<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        String key = String.valueOf(file.getFileName());
        if (!key.startsWith(".") && Files.isRegularFile(file)) {
          values.put(key, SettingsFile.read(file));
        }
      }
    } catch (IOException | UncheckedIOException e) {
      throw new SettingsException(directory + " cannot be read: " + e.getClass().getSimpleName());
    }
    return of(directory.toString(), values);
  }

  private static String unquoted(String value) {
    if (value.length() >= 2
        && (value.charAt(0) == '"' || value.charAt(0) == '\'')
        && value.charAt(value.length() - 1) == value.charAt(0)) {
      return value.substring(1, value.length() - 1);
    }
    int comment = value.indexOf(" #");
    return comment < 0 ? value : value.substring(0, comment).strip();
  }
}
