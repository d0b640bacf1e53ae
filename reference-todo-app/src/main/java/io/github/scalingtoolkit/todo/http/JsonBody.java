package io.github.scalingtoolkit.todo.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undertow.util.StatusCodes;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** Reads a request's JSON strictly: UTF-8, one object, no key twice, nothing behind it. */
final class JsonBody {
  private static final int MOST_NESTING = 16;
  private static final int MOST_DIGITS = 100;
  private static final ObjectReader READER = JsonMapper.builder(JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(StreamReadConstraints.builder()
              .maxNestingDepth(MOST_NESTING)
              .maxNumberLength(MOST_DIGITS)
              .build())
          .build())
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .build()
      .readerFor(JsonNode.class);

  private JsonBody() {}

  /**
   * Returns the object.
   *
   * @throws ProblemException 400 if the bytes are not JSON, 422 if they are but no object
   */
  static ObjectNode parse(byte[] body) {
    JsonNode node;
    try {
      String text = StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(body))
          .toString();
      // A byte order mark is no JSON (RFC 8259, 8.1), and the parser says so.
      node = READER.readTree(text);
    } catch (CharacterCodingException notUtf8) {
      throw malformed("The body is not UTF-8.");
    } catch (StreamConstraintsException tooMuch) {
      throw malformed("The body is nested deeper than " + MOST_NESTING
          + " levels, or has a number of more than " + MOST_DIGITS + " digits.");
    } catch (JsonProcessingException notJson) {
      throw malformed("The body is not one JSON object without duplicate keys.");
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

  private static ProblemException malformed(String detail) {
    return new ProblemException(
        Problem.of(StatusCodes.BAD_REQUEST, "Malformed JSON").detail(detail));
  }
}
