package io.github.scalingtoolkit.todo.admin;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.github.scalingtoolkit.core.health.Health;
import io.github.scalingtoolkit.todo.http.Admission;
import io.github.scalingtoolkit.todo.http.Respond;
import io.github.scalingtoolkit.todo.http.Route;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.StatusCodes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** The requests of the admin port. Health is reported in the format of MicroProfile Health. */
public final class AdminRoutes {
  private static final JsonFactory JSON = new JsonFactory();
  private static final String PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";

  private final Readiness readiness;
  private final Supplier<String> metrics;
  private final Supplier<Map<String, Object>> info;

  /**
   * Answers from the given sources.
   *
   * @param metrics returns the metrics in Prometheus' text format
   * @param info returns the content of {@code /info}: texts, numbers, and lists and maps of them
   */
  public AdminRoutes(
      Readiness readiness, Supplier<String> metrics, Supplier<Map<String, Object>> info) {
    this.readiness = readiness;
    this.metrics = metrics;
    this.info = info;
  }

  /** Returns the routes. */
  public List<Route> routes() {
    return List.of(
        Route.unlimited("/livez", this::live),
        Route.unlimited("/readyz", this::ready),
        Route.unlimited("/startupz", this::startup),
        Route.get("/metrics", Admission.EVERYBODY, this::metrics),
        Route.get("/info", Admission.EVERYBODY, this::info));
  }

  /** An answer proves progress: a process whose threads are stuck or starved does not answer. */
  private void live(HttpServerExchange exchange) {
    status(exchange, true, "UP", List.of(), Map.of());
  }

  private void ready(HttpServerExchange exchange) {
    Health health = readiness.health();
    String status = readiness.isDraining()
        ? "DRAINING"
        : readiness.isStarted() ? health.status().name() : "STARTING";
    status(exchange, readiness.isReady(), status, health.checks(), readiness.figures());
  }

  private void startup(HttpServerExchange exchange) {
    String status = readiness.isStarted() ? "UP" : "STARTING";
    status(exchange, readiness.isStarted(), status, List.of(), Map.of());
  }

  private void metrics(HttpServerExchange exchange) {
    Respond.send(
        exchange, StatusCodes.OK, PROMETHEUS_TEXT, metrics.get().getBytes(StandardCharsets.UTF_8));
  }

  private void info(HttpServerExchange exchange) {
    Respond.json(exchange, StatusCodes.OK, json(generator -> {
      for (Map.Entry<String, Object> entry : new TreeMap<>(info.get()).entrySet()) {
        generator.writeFieldName(entry.getKey());
        write(generator, entry.getValue());
      }
    }));
  }

  private static void write(JsonGenerator generator, Object value) throws IOException {
    if (value instanceof Map<?, ?> map) {
      generator.writeStartObject();
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        generator.writeFieldName(entry.getKey().toString());
        write(generator, entry.getValue());
      }
      generator.writeEndObject();
    } else if (value instanceof List<?> list) {
      generator.writeStartArray();
      for (Object element : list) {
        write(generator, element);
      }
      generator.writeEndArray();
    } else if (value instanceof Number number) {
      generator.writeNumber(number.longValue());
    } else {
      generator.writeString(value.toString());
    }
  }

  private static void status(
      HttpServerExchange exchange,
      boolean ok,
      String status,
      List<Health.Check> checks,
      Map<String, Long> figures) {
    Respond.json(
        exchange, ok ? StatusCodes.OK : StatusCodes.SERVICE_UNAVAILABLE, json(generator -> {
          generator.writeStringField("status", status);
          generator.writeArrayFieldStart("checks");
          for (Health.Check check : checks) {
            generator.writeStartObject();
            generator.writeStringField("name", check.name());
            generator.writeStringField("status", check.up() ? "UP" : "DOWN");
            generator.writeObjectFieldStart("data");
            generator.writeBooleanField("required", check.required());
            generator.writeNumberField("sinceSeconds", check.since().toSeconds());
            if (check.message() != null) {
              generator.writeStringField("message", check.message());
            }
            generator.writeEndObject();
            generator.writeEndObject();
          }
          generator.writeEndArray();
          for (Map.Entry<String, Long> figure : new TreeMap<>(figures).entrySet()) {
            generator.writeNumberField(figure.getKey(), figure.getValue());
          }
        }));
  }

  private interface Fields {
    void write(JsonGenerator generator) throws IOException;
  }

  private static byte[] json(Fields fields) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator generator = JSON.createGenerator(bytes)) {
      generator.writeStartObject();
      fields.write(generator);
      generator.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
