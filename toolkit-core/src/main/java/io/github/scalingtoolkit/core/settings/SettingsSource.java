package io.github.scalingtoolkit.core.settings;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A source of settings. Immutable, and safe for use by several threads. */
public final class SettingsSource {
  private final String name;
  private final Function<String, @Nullable String> lookup;
  private final Supplier<Set<String>> keys;
  private final List<String> problems;
  private final List<String> hints;

  private SettingsSource(
      String name,
      Function<String, @Nullable String> lookup,
      Supplier<Set<String>> keys,
      List<String> problems,
      List<String> hints) {
    this.name = name;
    this.lookup = lookup;
    this.keys = keys;
    this.problems = List.copyOf(problems);
    this.hints = List.copyOf(hints);
  }

  /** Returns a source of fixed values with problems. */
  static SettingsSource of(
      String name, Map<String, String> values, List<String> problems, List<String> hints) {
    Map<String, String> copy = Map.copyOf(values);
    return new SettingsSource(name, copy::get, copy::keySet, problems, hints);
  }

  /** Returns the JVM's {@code -D} properties. */
  public static SettingsSource systemProperties() {
    return new SettingsSource(
        "-D",
        System::getProperty,
        () -> System.getProperties().stringPropertyNames(),
        List.of(),
        List.of());
  }

  /** Returns the environment of the process. */
  public static SettingsSource environment() {
    return new SettingsSource(
        "environment", System::getenv, () -> System.getenv().keySet(), List.of(), List.of());
  }

  /** Returns a source of fixed values, named {@code name} in messages. */
  public static SettingsSource of(String name, Map<String, String> values) {
    return of(name, values, List.of(), List.of());
  }

  /**
   * Reads a {@code .env} file, at once, as the package dotenv of Node does: {@code NAME=value} or {@code NAME: value}, an
   * {@code export} before it, values in {@code "}, {@code '} or {@code `} over one line or several, {@code \n} and
   * {@code \r} within {@code "} for the characters, {@code #} comments, also after values; {@code $NAME} is not replaced,
   * and the last of several lines with one name counts. The file is UTF-8 of up to 1 MiB, with or without a byte order
   * mark. A missing file has no values.
   *
   * <p>Does not throw: {@link Settings#finish} reports the lines that have no such form, and {@link Settings#hints} those
   * that may not mean what they say, with the lines' numbers and without their text.
   */
  public static SettingsSource dotEnv(Path file) {
    return DotEnv.read(file);
  }

  /** Returns its name in messages. */
  String name() {
    return name;
  }

  /** Returns the value of a key, or null. */
  @Nullable
  String lookup(String key) {
    return lookup.apply(key);
  }

  /** Returns its keys, for hints about names that are not read. */
  Set<String> keys() {
    return keys.get();
  }

  /** Returns the problems of the source itself. */
  List<String> problems() {
    return problems;
  }

  /** Returns likely mistakes in the source itself. */
  List<String> hints() {
    return hints;
  }

  @Override
  public String toString() {
    return name;
  }
}
