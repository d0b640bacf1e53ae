package io.github.scalingtoolkit.todo.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.scalingtoolkit.core.time.Clock;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Asks workers' admin ports. Safe for use by several threads. */
final class Prober {
  private static final Duration LONGEST_ANSWER = Duration.ofSeconds(2);

  private final HttpClient client = HttpClient.newBuilder()
      .version(HttpClient.Version.HTTP_1_1)
      .connectTimeout(LONGEST_ANSWER)
      .build();
  private final Clock clock;
  /** The workers that have not answered yet. */
  private final Set<WorkerProcess> asked = ConcurrentHashMap.newKeySet();

  Prober(Clock clock) {
    this.clock = clock;
  }

  /**
   * Asks each of {@code workers} whether it is ready, unless its last probe is unanswered, and tells it once it has answered or
   * has not for too long. Does not wait: a worker that hangs does not delay the others.
   */
  void probe(List<WorkerProcess> workers) {
    workers.forEach(worker -> worker.adminAddress().ifPresent(address -> {
      if (asked.add(worker)) {
        probe(worker, address);
      }
    }));
  }

  private void probe(WorkerProcess worker, URI address) {
    client
        .sendAsync(request(address, "/readyz"), BodyHandlers.ofString())
        // The request's own ends with the headers.
        .orTimeout(LONGEST_ANSWER.toMillis(), TimeUnit.MILLISECONDS)
        .whenComplete((answer, failure) -> {
          if (failure == null) {
            worker.answered(
                answer.statusCode() == 200, answer.body().contains("\"status\":\"DEGRADED\""));
          } else {
            worker.didNotAnswer(clock.nanoTime());
          }
          asked.remove(worker);
        });
  }

  /** Returns a worker's {@code /metrics}; empty if it does not answer completely in time. */
  Optional<String> metrics(WorkerProcess worker) {
    return ask(worker, "/metrics");
  }

  /** Returns a worker's {@code /info}; empty if it does not answer completely in time. */
  Optional<Map<String, Object>> info(WorkerProcess worker) {
    return ask(worker, "/info").flatMap(Prober::parsed);
  }

  private static Optional<Map<String, Object>> parsed(String json) {
    try {
      return Optional.of(new JsonMapper().readValue(json, new TypeReference<>() {}));
    } catch (JsonProcessingException cutShort) {
      return Optional.empty();
    }
  }

  private Optional<String> ask(WorkerProcess worker, String path) {
    Optional<URI> address = worker.adminAddress();
    if (address.isEmpty()) {
      return Optional.empty();
    }
    try {
      HttpResponse<String> answer = client
          .sendAsync(request(address.get(), path), BodyHandlers.ofString())
          // The request's own ends with the headers.
          .orTimeout(LONGEST_ANSWER.toMillis(), TimeUnit.MILLISECONDS)
          .join();
      return answer.statusCode() == 200 ? Optional.of(answer.body()) : Optional.empty();
    } catch (CompletionException unanswered) {
      return Optional.empty();
    }
  }

  private static HttpRequest request(URI address, String path) {
    return HttpRequest.newBuilder(address.resolve(path)).timeout(LONGEST_ANSWER).build();
  }
}
