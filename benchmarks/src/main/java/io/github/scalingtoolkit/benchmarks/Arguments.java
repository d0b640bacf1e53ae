package io.github.scalingtoolkit.benchmarks;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The words of a command line behind the command: plain ones, {@code --name value} and {@code --flag}. */
public final class Arguments {
  private final List<String> plain = new ArrayList<>();
  private final Map<String, String> options = new HashMap<>();

  private Arguments() {}

  /**
   * Reads {@code words}.
   *
   * @param options names that take a value, with their dashes
   * @param flags names that take none
   * @throws UsageException if a name is neither, or a value is missing
   */
  public static Arguments parse(List<String> words, Set<String> options, Set<String> flags) {
    Arguments arguments = new Arguments();
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      if (!word.startsWith("--")) {
        arguments.plain.add(word);
      } else if (flags.contains(word)) {
        arguments.options.put(word, "");
      } else if (!options.contains(word)) {
        throw new UsageException("there is no option '" + word + "'");
      } else if (i + 1 == words.size()) {
        throw new UsageException(word + " needs a value");
      } else {
        arguments.options.put(word, words.get(++i));
      }
    }
    return arguments;
  }

  /** Returns the one plain word; {@code what} names it in the refusal. */
  public String only(String what) {
    if (plain.size() != 1) {
      throw new UsageException(what + " is needed, once, but there were " + plain.size());
    }
    return plain.get(0);
  }

  /** Refuses plain words. */
  public Arguments withoutPlain() {
    if (!plain.isEmpty()) {
      throw new UsageException("'" + plain.get(0) + "' is not understood");
    }
    return this;
  }

  /** Tells whether a flag or option was given. */
  public boolean has(String name) {
    return options.containsKey(name);
  }

  /** Returns an option's value, or {@code otherwise}. */
  public String text(String name, String otherwise) {
    @Nullable String value = options.get(name);
    return value == null ? otherwise : value;
  }

  /** Returns an option as a number from {@code least} to {@code most}. */
  public int integer(String name, int otherwise, int least, int most) {
    @Nullable String value = options.get(name);
    if (value == null) {
      return otherwise;
    }
    try {
      int number = Integer.parseInt(value);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException notANumber) {
      // Said below.
    }
    throw new UsageException(
        name + " must be " + least + " to " + most + " but was '" + value + "'");
  }
}
