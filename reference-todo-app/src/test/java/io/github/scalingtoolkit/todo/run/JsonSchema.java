package io.github.scalingtoolkit.todo.run;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Checks values against the schemas of a document, with the words that our document uses and no others. */
final class JsonSchema {
  private static final Set<String> KNOWN = Set.of(
      "$ref",
      "type",
      "const",
      "enum",
      "pattern",
      "minLength",
      "minimum",
      "maximum",
      "items",
      "properties",
      "required",
      "additionalProperties",
      "description",
      "default",
      "format",
      "maxLength");

  private final JsonNode document;

  JsonSchema(JsonNode document) {
    this.document = document;
  }

  /** Returns what is wrong with {@code value}, each with its place; empty for nothing. */
  List<String> problems(JsonNode schema, JsonNode value) {
    List<String> problems = new ArrayList<>();
    check(schema, value, "$", problems);
    return problems;
  }

  /** Follows a reference; returns {@code node} itself if it is none. */
  JsonNode resolved(JsonNode node) {
    return node.has("$ref")
        ? resolved(document.at(node.get("$ref").textValue().substring(1)))
        : node;
  }

  private void check(JsonNode reference, JsonNode value, String at, List<String> problems) {
    JsonNode schema = resolved(reference);
    schema.fieldNames().forEachRemaining(word -> {
      if (!KNOWN.contains(word)) {
        throw new AssertionError("the schema at " + at + " has the word " + word);
      }
    });
    if (schema.has("type") && !isOfType(schema.get("type"), value)) {
      problems.add(at + " is " + value.getNodeType() + " and not " + schema.get("type"));
      return;
    }
    if (schema.has("const") && !schema.get("const").equals(value)) {
      problems.add(at + " is not " + schema.get("const"));
    }
    if (schema.has("enum") && !contains(schema.get("enum"), value)) {
      problems.add(at + " is none of " + schema.get("enum"));
    }
    if (value.isTextual()) {
      checkText(schema, value.textValue(), at, problems);
    } else if (value.isNumber()) {
      double number = value.doubleValue();
      if (number < schema.path("minimum").asDouble(number)
          || number > schema.path("maximum").asDouble(number)) {
        problems.add(at + " is out of range: " + value);
      }
    } else if (value.isArray() && schema.has("items")) {
      for (int i = 0; i < value.size(); i++) {
        check(schema.get("items"), value.get(i), at + "[" + i + "]", problems);
      }
    } else if (value.isObject()) {
      checkObject(schema, value, at, problems);
    }
  }

  private static void checkText(JsonNode schema, String text, String at, List<String> problems) {
    if (schema.has("pattern")
        && !Pattern.compile(schema.get("pattern").textValue()).matcher(text).find()) {
      problems.add(at + " does not match " + schema.get("pattern"));
    }
    if (text.length() < schema.path("minLength").asInt(0)) {
      problems.add(at + " is too short");
    }
  }

  private void checkObject(JsonNode schema, JsonNode value, String at, List<String> problems) {
    for (JsonNode required : schema.path("required")) {
      if (!value.has(required.textValue())) {
        problems.add(at + " has no " + required);
      }
    }
    JsonNode others = schema.path("additionalProperties");
    for (Iterator<Map.Entry<String, JsonNode>> fields = value.fields(); fields.hasNext(); ) {
      Map.Entry<String, JsonNode> field = fields.next();
      String place = at + "." + field.getKey();
      JsonNode known = schema.path("properties").get(field.getKey());
      if (known != null) {
        check(known, field.getValue(), place, problems);
      } else if (others.isObject()) {
        check(others, field.getValue(), place, problems);
      } else if (others.isBoolean() && !others.booleanValue()) {
        problems.add(place + " is not documented");
      }
    }
  }

  private static boolean isOfType(JsonNode type, JsonNode value) {
    Set<String> types = new HashSet<>();
    if (type.isTextual()) {
      types.add(type.textValue());
    } else {
      type.forEach(one -> types.add(one.textValue()));
    }
    return types.contains(
            switch (value.getNodeType()) {
              case OBJECT -> "object";
              case ARRAY -> "array";
              case STRING -> "string";
              case BOOLEAN -> "boolean";
              case NULL -> "null";
              default -> "number";
            })
        || (types.contains("integer") && value.isIntegralNumber());
  }

  private static boolean contains(JsonNode values, JsonNode value) {
    for (JsonNode one : values) {
      if (one.equals(value)) {
        return true;
      }
    }
    return false;
  }
}
