package io.github.scalingtoolkit.todo.domain;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A parsed request body: either a todo to create or the list of all errors.
 *
 * <p>Fields that the server owns are ignored, so that the answer of a GET can be sent back. Any other unknown field is
 * an error that names it.
 */
public sealed interface TodoInput {

  /** The body is valid. */
  record Valid(NewTodo todo) implements TodoInput {}

  /** The body is invalid; {@code errors} has at least one element and is bounded for every input. */
  record Invalid(List<FieldError> errors) implements TodoInput {
    /** Copies {@code errors}. */
    public Invalid {
      errors = List.copyOf(errors);
    }
  }

  /** Fields of an answer that the server alone decides. */
  Set<String> SERVER_OWNED = Set.of("_id", "url", "userId", "createdAt", "updatedAt", "__v");

  /** The most unknown fields named one by one; the rest are counted. */
  int MAX_NAMED = 20;

  /** Reads a parsed JSON value. Never throws for any client input. */
  static TodoInput read(JsonNode body) {
    if (!body.isObject()) {
      return new Invalid(
          List.of(new FieldError("", "must be a JSON object but was " + kind(body))));
    }
    List<FieldError> errors = new ArrayList<>();
    Title title = readTitle(body.get("title"), errors);
    boolean completed = readCompleted(body.get("completed"), errors);
    refuseUnknown(body, errors);
    return title == null || !errors.isEmpty()
        ? new Invalid(errors)
        : new Valid(new NewTodo(title, completed));
  }

  private static @Nullable Title readTitle(@Nullable JsonNode node, List<FieldError> errors) {
    if (node == null) {
      errors.add(new FieldError("title", "is required"));
      return null;
    }
    if (!node.isTextual()) {
      errors.add(new FieldError("title", "must be a string but was " + kind(node)));
      return null;
    }
    List<String> problems = new ArrayList<>(1);
    Title title = Title.read(node.textValue(), problems);
    problems.forEach(problem -> errors.add(new FieldError("title", problem)));
    return title;
  }

  private static boolean readCompleted(@Nullable JsonNode node, List<FieldError> errors) {
    if (node == null) {
      return false;
    }
    if (!node.isBoolean()) {
      errors.add(new FieldError("completed", "must be true or false but was " + kind(node)));
    }
    return node.booleanValue();
  }

  private static void refuseUnknown(JsonNode body, List<FieldError> errors) {
    int unknown = 0;
    for (Iterator<Map.Entry<String, JsonNode>> fields = body.fields(); fields.hasNext(); ) {
      String name = fields.next().getKey();
      if (name.equals("title") || name.equals("completed") || SERVER_OWNED.contains(name)) {
        continue;
      }
      if (++unknown <= MAX_NAMED) {
        errors.add(new FieldError(ShownName.of(name), "is not a field of a todo"));
      }
    }
    if (unknown > MAX_NAMED) {
      errors.add(new FieldError("", "has " + (unknown - MAX_NAMED) + " more unknown fields"));
    }
  }

  private static String kind(JsonNode node) {
    return switch (node.getNodeType()) {
      case OBJECT -> "an object";
      case ARRAY -> "an array";
      case STRING -> "a string";
      case NUMBER -> "a number";
      case BOOLEAN -> "a boolean";
      case NULL -> "null";
      default -> "not a JSON value";
    };
  }
}
