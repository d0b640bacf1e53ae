package peer;

import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * Answers as text with a Content-Length, which the load generator needs. A controller that returns an object has a
 * chunked answer, because Spring flushes what Jackson wrote.
 */
@Component
class Json {
  private final JsonMapper mapper;

  Json(JsonMapper mapper) {
    this.mapper = mapper;
  }

  String text(Object value) {
    return mapper.writeValueAsString(value);
  }

  ResponseEntity<String> answer(HttpStatus status, Object value) {
    return ResponseEntity.status(status)
        .contentType(MediaType.APPLICATION_JSON)
        .body(text(value));
  }
}
