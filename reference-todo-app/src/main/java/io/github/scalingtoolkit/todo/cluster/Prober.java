package io.github.scalingtoolkit.todo.cluster;

import io.github.scalingtoolkit.core.time.Clock;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Asks workers' admin ports. Safe for use by several threads. */
final class Prober {
  private static final Duration LONGEST_ANSWER = Duration.ofSeconds(2);

  private final HttpClient client = HttpClient.newBuilder()
      .version(HttpClient.Version.HTTP_1_1)
      .connectTimeout(LONGEST_ANSWER)
      .build();
  private final Clock clock;

  Prober(Clock clock) {
    this.clock = clock;
  }

  /** Asks all of {@code workers} at once whether they are ready, tells them, and returns when all have answered or not. */
  void probe(List<WorkerProcess> workers) {
    CompletableFuture.allOf(workers.stream().map(this::probe).toArray(CompletableFuture[]::new))
        .join();
  }

  private CompletableFuture<?> probe(WorkerProcess worker) {
    Optional<URI> address = worker.adminAddress();
    if (address.isEmpty()) {
      return CompletableFuture.completedFuture(null);
    }
    return client
        .sendAsync(request(address.get(), "/readyz"), BodyHandlers.ofString())
        .handle((answer, failure) -> {
          if (failure == null) {
            worker.answered(
                answer.statusCode() == 200, answer.body().contains("\"status\":\"DEGRADED\""));
          } else {
            worker.didNotAnswer(clock.nanoTime());
          }
          return null;
        });
  }

  /** Returns what a worker's {@code /metrics} says; empty if it does not answer. */
  Optional<String> metrics(WorkerProcess worker) {
    Optional<URI> address = worker.adminAddress();
    if (address.isEmpty()) {
      return Optional.empty();
    }
    try {
      HttpResponse<String> answer =
          client.send(request(address.get(), "/metrics"), BodyHandlers.ofString());
      return answer.statusCode() == 200 ? Optional.of(answer.body()) : Optional.empty();
    } catch (IOException unanswered) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  private static HttpRequest request(URI address, String path) {
    return HttpRequest.newBuilder(address.resolve(path)).timeout(LONGEST_ANSWER).build();
  }
}
