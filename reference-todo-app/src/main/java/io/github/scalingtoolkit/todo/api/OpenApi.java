package io.github.scalingtoolkit.todo.api;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.scalingtoolkit.todo.domain.ETags;
import io.github.scalingtoolkit.todo.http.FixedBody;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** The service's description in OpenAPI 3.1: what this process offers, and no more. */
final class OpenApi {
  private static final String RESOURCE = "openapi.json";

  private OpenApi() {}

  /** Returns the description of a process with or without registration. */
  static FixedBody of(boolean registration) {
    try (InputStream resource = OpenApi.class.getResourceAsStream(RESOURCE)) {
      if (resource == null) {
        throw new IllegalStateException("there is no resource " + RESOURCE);
      }
      JsonMapper mapper = new JsonMapper();
      ObjectNode document = (ObjectNode) mapper.readTree(resource);
      if (!registration) {
        ((ObjectNode) document.get("paths")).remove("/register");
      }
      byte[] json = mapper.writeValueAsBytes(document);
      return new FixedBody("application/json", ETags.of(json), json);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + RESOURCE, e);
    }
  }
}
