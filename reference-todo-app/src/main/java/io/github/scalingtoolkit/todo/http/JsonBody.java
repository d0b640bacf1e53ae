package io.github.scalingtoolkit.todo.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undertow.util.StatusCodes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.TreeSet;

/** Reads a request's JSON strictly: UTF-8, one object, no key twice, nothing behind it. */
final class JsonBody {
  private static final int MOST_NESTING = 16;
  private static final int MOST_DIGITS = 100;
  private static final int MOST_OF_A_NAME = 50_000;
  private static final ObjectReader READER = JsonMapper.builder(
          factory(StreamReadConstraints.builder()
              .maxNestingDepth(MOST_NESTING)
              .maxNumberLength(MOST_DIGITS)
              .maxNameLength(MOST_OF_A_NAME)))
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .build()
      .readerFor(JsonNode.class);
  /** Only for syntax: nothing is built, and {@code MAX_BODY} bounds it. */
  private static final JsonFactory BOUNDLESS = factory(StreamReadConstraints.builder()
      .maxNestingDepth(Integer.MAX_VALUE)
      .maxNumberLength(Integer.MAX_VALUE)
      .maxNameLength(Integer.MAX_VALUE));

  private JsonBody() {}

  /**
   * Returns the object.
   *
   * @throws ProblemException 400 if the bytes are not JSON, 422 if they are JSON but not an object or beyond a bound
   */
  static ObjectNode parse(byte[] body) {
    String text = utf8(body);
    JsonNode node;
    try {
      // A byte order mark is not JSON (RFC 8259, 8.1), and the parser refuses it.
      node = READER.readTree(text);
    } catch (StreamConstraintsException tooMuch) {
      throw beyondBounds(text);
    } catch (JsonProcessingException notJson) {
      throw notOneObject();
    }
    if (node == null || node.isMissingNode()) {
      throw malformed("The body is empty.");
    }
    if (node instanceof ObjectNode object) {
      return object;
    }
    throw new ProblemException(Problem.of(StatusCodes.UNPROCESSABLE_ENTITY, "Validation failed")
        .detail("The body must be a JSON object."));
  }

  private static String utf8(byte[] body) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(body))
          .toString();
    } catch (CharacterCodingException notUtf8) {
      throw malformed("The body is not UTF-8.");
    }
  }

  /** It may still be JSON, with a bad value: the rest decides. */
  private static ProblemException beyondBounds(String text) {
    Set<String> wrong = new TreeSet<>();
    int depth = 0;
    boolean ended = false;
    try (JsonParser parser = BOUNDLESS.createParser(text)) {
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (ended) {
          return notOneObject();
        }
        depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
        ended = depth == 0;
        if (depth > MOST_NESTING) {
          wrong.add("is nested deeper than " + MOST_NESTING + " levels");
        } else if (token.isNumeric() && parser.getTextLength() > MOST_DIGITS) {
          wrong.add("has a number of more than " + MOST_DIGITS + " characters");
        } else if (token == JsonToken.FIELD_NAME && parser.getTextLength() > MOST_OF_A_NAME) {
          wrong.add("has a field whose name has more than " + MOST_OF_A_NAME + " characters");
        }
      }
    } catch (IOException notJson) {
      return notOneObject();
    }
    return new ProblemException(Problem.invalid(
        wrong.stream().map(message -> new Problem.FieldError("", message)).toList()));
  }

  private static JsonFactory factory(StreamReadConstraints.Builder bounds) {
    return JsonFactory.builder()
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        .streamReadConstraints(bounds.build())
        .build();
  }

  private static ProblemException notOneObject() {
    return malformed("The body is not one JSON object without duplicate keys.");
  }

  private static ProblemException malformed(String detail) {
    return new ProblemException(
        Problem.of(StatusCodes.BAD_REQUEST, "Malformed JSON").detail(detail));
  }
}
