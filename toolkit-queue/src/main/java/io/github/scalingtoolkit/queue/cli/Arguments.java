package io.github.scalingtoolkit.queue.cli;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What stands on a command line: the command, its words, and options that have a value.
 *
 * @param command the first word
 * @param words those behind it
 * @param options by name, without dashes; a flag's value is empty
 */
record Arguments(String command, List<String> words, Map<String, String> options) {
  private static final Set<String> WITH_VALUE =
      Set.of("queue", "redis", "skip", "most", "every", "times");
  private static final Set<String> FLAGS = Set.of("all", "yes");
  private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59Z");
  private static final Pattern SPAN = Pattern.compile("([0-9]{1,6})(ms|s|m)");

  /** What is wrong with a command line, for its user. */
  static final class WrongException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    WrongException(String message) {
      super(message, null, false, false);
    }
  }

  /**
   * Reads a command line.
   *
   * @throws WrongException if there is no command, or an option is unknown, without value or there twice
   */
  static Arguments read(List<String> line) {
    List<String> words = new ArrayList<>();
    Map<String, String> options = new HashMap<>();
    for (int i = 0; i < line.size(); i++) {
      String word = line.get(i);
      if (!word.startsWith("--")) {
        words.add(word);
        continue;
      }
      int equals = word.indexOf('=');
      String name = word.substring(2, equals < 0 ? word.length() : equals);
      String value = equals < 0 ? "" : word.substring(equals + 1);
      if (!WITH_VALUE.contains(name) && !FLAGS.contains(name)) {
        throw new WrongException("unknown option --" + QueueCli.printable(name));
      }
      if (FLAGS.contains(name) && equals >= 0) {
        throw new WrongException("--" + name + " takes no value");
      }
      if (WITH_VALUE.contains(name) && equals < 0) {
        if (++i == line.size()) {
          throw new WrongException("--" + name + " needs a value");
        }
        value = line.get(i);
      }
      if (options.put(name, value) != null) {
        throw new WrongException("--" + name + " is there twice");
      }
    }
    if (words.isEmpty()) {
      throw new WrongException("a command is missing");
    }
    return new Arguments(words.get(0), words.subList(1, words.size()), options);
  }

  Optional<String> option(String name) {
    return Optional.ofNullable(options.get(name));
  }

  boolean flag(String name) {
    return options.containsKey(name);
  }

  int number(String name, int otherwise, int least, int most) {
    String text = options.get(name);
    if (text == null) {
      return otherwise;
    }
    if (!text.matches("[0-9]{1,9}")
        || Integer.parseInt(text) < least
        || Integer.parseInt(text) > most) {
      throw new WrongException("--" + name + " must be a number from " + least + " to " + most
          + " but was '" + QueueCli.printable(text) + "'");
    }
    return Integer.parseInt(text);
  }

  Duration span(String name, Duration otherwise) {
    String text = options.get(name);
    if (text == null) {
      return otherwise;
    }
    Matcher span = SPAN.matcher(text);
    if (!span.matches()) {
      throw new WrongException(
          "--" + name + " must be like 500ms, 2s or 1m but was '" + QueueCli.printable(text) + "'");
    }
    long amount = Long.parseLong(span.group(1));
    return switch (span.group(2)) {
      case "ms" -> Duration.ofMillis(amount);
      case "s" -> Duration.ofSeconds(amount);
      default -> Duration.ofMinutes(amount);
    };
  }

  /** Returns the words, of which there must be {@code least} to {@code most}. */
  List<String> words(int least, int most, String what) {
    if (words.size() < least || words.size() > most) {
      throw new WrongException(command + " takes " + what + " but got " + words.size()
          + (words.size() == 1 ? " word" : " words"));
    }
    return words;
  }

  static Instant time(String text) {
    try {
      Instant time = Instant.parse(text);
      if (!time.isBefore(Instant.EPOCH) && !time.isAfter(LATEST)) {
        return time;
      }
    } catch (DateTimeException wrong) {
      // Said below.
    }
    throw new WrongException("a time must be like 2027-01-31T08:00:00Z, from " + Instant.EPOCH
        + " to " + LATEST + ", but was '" + QueueCli.printable(text) + "'");
  }
}
