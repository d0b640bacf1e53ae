package io.github.scalingtoolkit.core.settings;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads settings by name and type, and reports all problems together at the end.
 *
 * <p>The first source that has a key wins. A key {@code X} may also come from a file named by {@code X_FILE}, as secrets
 * are mounted into containers. Both at once is an error, whichever source each is in. An empty value counts as not set.
 *
 * <p>Such a file is UTF-8 text of up to 64 KiB. One newline or CR LF at its end is dropped, as are blank lines; several
 * lines are one value with newlines in it. A file that is empty or not UTF-8, a byte order mark, a control character, or
 * white space at the beginning or end of a line is a problem that names file and line.
 *
 * <p>An unusable value is noted and its default returned instead, so that reading goes on;
 * {@link #finish} then throws. Read everything, call {@code finish}, and use no value before.
 *
 * <pre>{@code
 * Settings settings = Settings.from(SettingsSource.systemProperties(), SettingsSource.environment());
 * int port = settings.port("PORT", 3000, "where the service listens");
 * Duration ttl = settings.duration("CACHE_TTL", Duration.ofSeconds(30), "how long lists are cached");
 * settings.finish();
 * }</pre>
 *
 * <p>Not safe for use by several threads. Reads files only for {@code X_FILE}.
 */
public final class Settings {
  private static final String DEFAULT = "default";
  private static final Pattern DURATION = Pattern.compile("([0-9]{1,12})(ms|s|m|h|d)");
  private static final Pattern BYTES = Pattern.compile("([0-9]{1,15})(B|KB|MB|GB)?");
  private static final Duration LONGEST = Duration.ofDays(3650);
  private static final String A_DURATION = "a duration > 0 such as 250ms, 30s, 15m, 1h or PT30S";

  private final List<SettingsSource> sources;
  private final List<String> problems = new ArrayList<>();
  private final List<Setting> listing = new ArrayList<>();

  private record Found(
      String value, String source, @Nullable Path file) {}

  private Settings(List<SettingsSource> sources) {
    this.sources = sources;
    sources.forEach(source -> problems.addAll(source.problems()));
  }

  /** Reads from {@code sources}, the first of which wins. */
  public static Settings from(SettingsSource... sources) {
    return new Settings(List.copyOf(Arrays.asList(sources)));
  }

  /** Reads text. */
  public String text(String key, String fallback, String description) {
    return value(key, fallback, "text", description, Function.identity());
  }

  /** Reads a port: 0 (any free one) to 65535. */
  public int port(String key, int fallback, String description) {
    return integer(key, fallback, 0, 65535, description);
  }

  /** Reads a whole number from {@code least} to {@code most}. */
  public int integer(String key, int fallback, int least, int most, String description) {
    return value(
        key, fallback, "a whole number from " + least + " to " + most, description, text -> {
          int number = Integer.parseInt(text);
          if (number < least || number > most) {
            throw new IllegalArgumentException("out of range");
          }
          return number;
        });
  }

  /** Reads a duration above zero and up to ten years, such as {@code 250ms}, {@code 30s}, {@code 15m}, {@code 1h} or {@code PT30S}. */
  public Duration duration(String key, Duration fallback, String description) {
    return value(key, fallback, A_DURATION, description, Settings::parseDuration);
  }

  /** As {@link #duration}, where {@code off} is also a value, read as empty. */
  public Optional<Duration> durationOrOff(
      String key, Optional<Duration> fallback, String description) {
    return value(
        key,
        fallback,
        A_DURATION + ", or off",
        description,
        text -> text.equalsIgnoreCase("off") ? Optional.empty() : Optional.of(parseDuration(text)));
  }

  /** Reads a size in bytes from {@code least} to {@code most}, such as {@code 512}, {@code 100KB} (of 1024) or {@code 1MB}. */
  public long bytes(String key, long fallback, long least, long most, String description) {
    String form = "a size from " + least + " to " + most + " bytes such as 512, 100KB or 1MB";
    return value(key, fallback, form, description, text -> {
      Matcher matcher = BYTES.matcher(text.toUpperCase(Locale.ROOT));
      if (!matcher.matches()) {
        throw new IllegalArgumentException("not a size");
      }
      long unit = switch (matcher.group(2) == null ? "B" : matcher.group(2)) {
        case "KB" -> 1L << 10;
        case "MB" -> 1L << 20;
        case "GB" -> 1L << 30;
        default -> 1L;
      };
      long size = Math.multiplyExact(Long.parseLong(matcher.group(1)), unit);
      if (size < least || size > most) {
        throw new IllegalArgumentException("out of range");
      }
      return size;
    });
  }

  /** Reads {@code true} or {@code false}. */
  public boolean flag(String key, boolean fallback, String description) {
    return value(key, fallback, "true or false", description, text -> switch (text.toLowerCase(
        Locale.ROOT)) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException("neither");
    });
  }

  /** Reads the name of one of {@code choices}' constants, in any case. */
  public <E extends Enum<E>> E choice(String key, E fallback, String description) {
    E[] choices = fallback.getDeclaringClass().getEnumConstants();
    List<String> names = Arrays.stream(choices)
        .map(choice -> choice.name().toLowerCase(Locale.ROOT))
        .toList();
    return value(key, fallback, "one of " + String.join(", ", names), description, text -> {
      int at = names.indexOf(text.toLowerCase(Locale.ROOT));
      if (at < 0) {
        throw new IllegalArgumentException("none of them");
      }
      return choices[at];
    });
  }

  /**
   * Reads a value in a form of your own.
   *
   * @param form the expected form with an example, for the message
   * @param parser throws an {@link IllegalArgumentException} for a wrong one, whose words are not shown, or a {@link
   *     SettingsException}, whose words are shown in place of value and form
   */
  public <T> T value(
      String key, T fallback, String form, String description, Function<String, T> parser) {
    return read(key, form, description, false, text(fallback), parser).orElse(fallback);
  }

  /** As {@link #value}, for a setting without a default. */
  public <T> Optional<T> optional(
      String key, String form, String description, Function<String, T> parser) {
    return read(key, form, description, false, "(not set)", parser);
  }

  /** As {@link #optional}, for a value that must not be shown in messages and listings: a password, a URL with one. */
  public <T> Optional<T> hidden(
      String key, String form, String description, Function<String, T> parser) {
    return read(key, form, description, true, "(not set)", parser);
  }

  /** Reads a secret. */
  public Optional<Secret> secret(String key, String description) {
    return hidden(key, "any text", description, Secret::of);
  }

  /**
   * Reads a secret that may change: one from a file named by {@code X_FILE} is read again by
   * {@link RotatingSecret#refresh}.
   */
  public Optional<RotatingSecret> rotatingSecret(String key, String description) {
    Found found = noted(key, description, true, "(not set)");
    return found == null
        ? Optional.empty()
        : Optional.of(new RotatingSecret(found.file, Secret.of(found.value)));
  }

  /** Notes a problem with the combination of settings: a whole sentence that names them and what to do. */
  public void problem(String sentence) {
    problems.add(sentence);
  }

  /**
   * Ends the reading.
   *
   * @throws SettingsException with every problem, and the {@link #hints}, if there is any problem
   */
  public void finish() {
    if (!problems.isEmpty()) {
      List<String> all = new ArrayList<>(problems);
      all.addAll(hints());
      throw new SettingsException(all);
    }
  }

  /**
   * Returns likely mistakes: names in the sources that are not read, but are similar to the name of a setting that
   * is not set, and lines of a {@code .env} file that may not mean what they say. A sentence each, without values. They are not
   * problems: an environment has names for other programs too.
   */
  public List<String> hints() {
    Set<String> read = new LinkedHashSet<>();
    Set<String> unset = new LinkedHashSet<>();
    for (Setting setting : listing) {
      List<String> names = List.of(setting.key(), setting.key() + "_FILE");
      read.addAll(names);
      if (setting.source().equals(DEFAULT)) {
        unset.addAll(names);
      }
    }
    List<String> hints = new ArrayList<>();
    for (SettingsSource source : sources) {
      hints.addAll(source.hints());
      for (String name : new TreeSet<>(source.keys())) {
        if (!read.contains(name)) {
          NearestKey.of(name, unset)
              .ifPresent(nearest -> hints.add(name + " (from " + source.name()
                  + ") is not a setting: did you mean " + nearest + "?"));
        }
      }
    }
    return hints;
  }

  /** Returns the settings read so far, in the order they were read. */
  public List<Setting> listing() {
    return List.copyOf(listing);
  }

  private static Duration parseDuration(String text) {
    Duration duration = anyDuration(text);
    if (duration.isZero() || duration.isNegative() || duration.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException("out of range");
    }
    return duration;
  }

  /** Reads {@code 250ms}, {@code 30s}, {@code 15m}, {@code 1h}, {@code 2d} or ISO-8601's {@code PT30S}. */
  private static Duration anyDuration(String text) {
    Matcher matcher = DURATION.matcher(text.toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      try {
        return Duration.parse(text);
      } catch (DateTimeParseException e) {
        throw new IllegalArgumentException("not a duration", e);
      }
    }
    long amount = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "ms" -> Duration.ofMillis(amount);
      case "s" -> Duration.ofSeconds(amount);
      case "m" -> Duration.ofMinutes(amount);
      case "h" -> Duration.ofHours(amount);
      default -> Duration.ofDays(amount);
    };
  }

  private <T> Optional<T> read(
      String key,
      String form,
      String description,
      boolean hidden,
      String fallback,
      Function<String, T> parser) {
    Found found = noted(key, description, hidden, fallback);
    if (found == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(parser.apply(found.value));
    } catch (SettingsException told) {
      problems.add(key + " (from " + found.source + "): " + told.getMessage());
      return Optional.empty();
    } catch (IllegalArgumentException | ArithmeticException wrong) {
      problems.add(key + " must be " + form + " but was "
          + (hidden || found.file != null ? "something else (hidden)" : "'" + found.value + "'")
          + " (from "
          + found.source + ")");
      return Optional.empty();
    }
  }

  /** Finds a value and adds it to the listing. */
  private @Nullable Found noted(String key, String description, boolean hidden, String fallback) {
    Found found = find(key);
    listing.add(
        found == null
            ? new Setting(key, fallback, DEFAULT, description)
            : new Setting(
                key,
                hidden || found.file != null ? "(set)" : found.value,
                found.source,
                description));
    return found;
  }

  private @Nullable Found find(String key) {
    Found direct = lookup(key);
    Found file = lookup(key + "_FILE");
    if (file == null) {
      return direct;
    }
    if (direct != null) {
      problems.add("both " + key + " (from " + direct.source + ") and " + key + "_FILE (from "
          + file.source + ") are set: unset one of them");
      return null;
    }
    try {
      Path path = Path.of(file.value);
      return new Found(SettingsFile.read(path), file.value, path);
    } catch (SettingsException unfit) {
      problems.add(key + "_FILE (from " + file.source + "): " + unfit.getMessage());
      return null;
    } catch (InvalidPathException e) {
      problems.add(key + "_FILE (from " + file.source + ") must be the path of a file but is not");
      return null;
    }
  }

  private @Nullable Found lookup(String key) {
    for (SettingsSource source : sources) {
      String value = source.lookup(key);
      if (value != null && !value.isEmpty()) {
        return new Found(value, source.name(), null);
      }
    }
    return null;
  }

  private static String text(Object fallback) {
    if (fallback instanceof Optional<?> optional) {
      return optional.isPresent() ? text(optional.get()) : "off";
    }
    if (fallback instanceof Duration duration) {
      return duration.toMillisPart() != 0 || duration.isZero()
          ? duration.toMillis() + "ms"
          : duration.toSeconds() + "s";
    }
    return fallback instanceof Enum<?> constant
        ? constant.name().toLowerCase(Locale.ROOT)
        : fallback.toString();
  }
}
