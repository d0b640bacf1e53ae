package io.github.scalingtoolkit.todo.domain;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A parsed request body: a todo to create, a change of one, or the list of all errors.
 *
 * <p>Fields that the server owns are ignored, so that the answer of a GET can be sent back. Any other unknown field is
 * an error that names it.
 */
public sealed interface TodoInput {

  /** The body is a valid todo. */
  record Valid(NewTodo todo) implements TodoInput {}

  /** The body is a valid change. */
  record Patch(TodoChange change) implements TodoInput {}

  /** The body is invalid; {@code errors} has at least one element and is bounded for every input. */
  record Invalid(List<FieldError> errors) implements TodoInput {
    /** Copies {@code errors}. */
    public Invalid {
      errors = List.copyOf(errors);
    }
  }

  /** Fields of an answer that the server alone decides. */
  Set<String> SERVER_OWNED = Set.of("_id", "url", "userId", "createdAt", "updatedAt", "__v");

  /** Fields that users decide. */
  Set<String> USER_OWNED = Set.of("title", "completed", "order");

  /** The most unknown fields named one by one; the rest are counted. */
  int MAX_NAMED = 20;

  /** Reads a whole todo from a parsed JSON value. Never throws for any client input. */
  static TodoInput read(JsonNode body) {
    if (!body.isObject()) {
      return notAnObject(body);
    }
    List<FieldError> errors = new ArrayList<>();
    Title title = readTitle(body.get("title"), errors);
    boolean completed = readCompleted(body.get("completed"), errors);
    Double order = readOrder(body.get("order"), errors);
    refuseUnknown(body, errors);
    return title == null || !errors.isEmpty()
        ? new Invalid(errors)
        : new Valid(new NewTodo(title, completed, order));
  }

  /**
   * Reads a change from a parsed JSON value: any of the fields that users decide, null only to remove {@code order}. Never
   * throws for any client input.
   */
  static TodoInput readPatch(JsonNode body) {
    if (!body.isObject()) {
      return notAnObject(body);
    }
    List<FieldError> errors = new ArrayList<>();
    Title title = body.has("title") ? readTitle(body.get("title"), errors) : null;
    Boolean completed = body.has("completed") ? readCompleted(body.get("completed"), errors) : null;
    boolean withoutOrder = body.path("order").isNull();
    Double order = withoutOrder ? null : readOrder(body.get("order"), errors);
    refuseUnknown(body, errors);
    return errors.isEmpty()
        ? new Patch(new TodoChange(title, completed, order, withoutOrder))
        : new Invalid(errors);
  }

  private static Invalid notAnObject(JsonNode body) {
    return new Invalid(List.of(new FieldError("", "must be a JSON object but was " + kind(body))));
  }

  private static @Nullable Double readOrder(@Nullable JsonNode node, List<FieldError> errors) {
    if (node == null) {
      return null;
    }
    if (!node.isNumber()) {
      errors.add(new FieldError("order", "must be a number but was " + kind(node)));
      return null;
    }
    double order = node.doubleValue();
    if (!Double.isFinite(order)) {
      errors.add(new FieldError("order", "must be a number that fits into 64 bits"));
      return null;
    }
    // A negative zero would be another number to whom it is shown.
    return order + 0.0;
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
      if (USER_OWNED.contains(name) || SERVER_OWNED.contains(name)) {
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
