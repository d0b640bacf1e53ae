package io.github.scalingtoolkit.todo.api;

import io.github.scalingtoolkit.todo.domain.ShownName;
import io.github.scalingtoolkit.todo.http.Admission;
import io.github.scalingtoolkit.todo.http.Problem;
import io.github.scalingtoolkit.todo.http.Problem.FieldError;
import io.github.scalingtoolkit.todo.http.ProblemException;
import io.undertow.server.HttpServerExchange;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The query parameters of a request, all of which must be known: one that is ignored would be a wrong answer. */
final class Query {
  private final Map<String, Deque<String>> given;
  private final List<FieldError> errors = new ArrayList<>();

  private Query(Map<String, Deque<String>> given) {
    this.given = given;
  }

  /** Returns the admission of a route that has no parameters: {@code gate}'s, and 422 for any parameter. */
  static Admission none(Gate gate) {
    Admission admission = gate::admit;
    return admission.and(exchange -> of(exchange).check());
  }

  /** Tells whether {@code exchange} has none. */
  static boolean isEmpty(HttpServerExchange exchange) {
    return exchange.getQueryParameters().isEmpty();
  }

  /** Takes those of {@code exchange}, of which only {@code known} may be there, each once; {@link #check} says the rest. */
  static Query of(HttpServerExchange exchange, String... known) {
    Query query = new Query(exchange.getQueryParameters());
    for (Map.Entry<String, Deque<String>> parameter : query.given.entrySet()) {
      if (!List.of(known).contains(parameter.getKey())) {
        query.errors.add(
            new FieldError(ShownName.of(parameter.getKey()), "is not a parameter of this request"));
      } else if (parameter.getValue().size() > 1) {
        query.errors.add(new FieldError(parameter.getKey(), "must be there once"));
      }
    }
    return query;
  }

  /**
   * Reads one; null if it is not there, or is wrong.
   *
   * @param form what it must be, a phrase that follows its name
   * @param parser returns null for a text of another form
   */
  <T> @Nullable T read(String name, String form, Function<String, @Nullable T> parser) {
    Deque<String> values = given.get(name);
    if (values == null || values.size() > 1) {
      return null;
    }
    @Nullable T read = parser.apply(values.getFirst());
    if (read == null) {
      errors.add(new FieldError(name, form));
    }
    return read;
  }

  /** Reads {@code true} or {@code false}. */
  @Nullable
  Boolean flag(String name) {
    return read(name, "must be true or false", text -> switch (text) {
      case "true" -> Boolean.TRUE;
      case "false" -> Boolean.FALSE;
      default -> null;
    });
  }

  /** Reads a whole number. */
  @Nullable
  Integer number(String name, int least, int most) {
    return read(name, "must be a number from " + least + " to " + most, text -> {
      if (!text.matches("[0-9]{1,9}")) {
        return null;
      }
      int number = Integer.parseInt(text);
      return number < least || number > most ? null : number;
    });
  }

  /** Adds an error of its own. */
  void wrong(String name, String message) {
    errors.add(new FieldError(name, message));
  }

  /** @throws ProblemException 422 that names all parameters that are unknown or wrong */
  void check() {
    if (!errors.isEmpty()) {
      throw new ProblemException(Problem.invalid(errors));
    }
  }
}
