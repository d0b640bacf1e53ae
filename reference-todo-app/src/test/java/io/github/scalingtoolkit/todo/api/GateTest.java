package io.github.scalingtoolkit.todo.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.auth.JwtVerifier;
import io.github.scalingtoolkit.auth.KeySource;
import io.github.scalingtoolkit.auth.SigningKey;
import io.github.scalingtoolkit.auth.TokenIssuer;
import io.github.scalingtoolkit.core.limit.ClientAddress;
import io.github.scalingtoolkit.todo.http.Clients;
import io.github.scalingtoolkit.todo.http.HttpConfig;
import io.github.scalingtoolkit.todo.http.HttpServer;
import io.github.scalingtoolkit.todo.http.Respond;
import io.github.scalingtoolkit.todo.http.Route;
import io.github.scalingtoolkit.todo.http.Router;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class GateTest {
  @Test
  void keysThatCannotBeReadAre503AndNotTheTokensFault() throws Exception {
    KeySource keys = KeySource.of(SigningKey.hs256("a secret of at least thirty-two bytes"));
    AtomicBoolean away = new AtomicBoolean();
    JwtVerifier verifier = JwtVerifier.builder()
        .issuer("a")
        .audience("b")
        .keys(() -> {
          if (away.get()) {
            throw new IllegalStateException("keys are away");
          }
          return keys.current();
        })
        .build();
    String token = TokenIssuer.builder()
        .issuer("a")
        .audience("b")
        .keys(keys)
        .build()
        .issue("ada")
        .value();
    Gate gate = new Gate(verifier, Optional.empty(), new Clients(ClientAddress.behind()));
    HttpServer server = HttpServer.start(
        HttpConfig.at("test", "127.0.0.1", 0),
        new Router(List.of(Route.get(
            "/api/x",
            gate::admit,
            exchange ->
                Respond.json(exchange, 200, ("\"" + Gate.user(exchange) + "\"").getBytes(UTF_8))))),
        new SimpleMeterRegistry());
    try {
      assertThat(ask(server, token).body()).isEqualTo("\"ada\"");
      away.set(true);

      HttpResponse<String> answer = ask(server, token);

      assertThat(answer.statusCode()).isEqualTo(503);
      assertThat(answer.headers().firstValue("Retry-After")).contains("1");
      assertThat(answer.body()).doesNotContain("keys are away");
    } finally {
      server.stop(Duration.ofSeconds(5));
    }
  }

  private static HttpResponse<String> ask(HttpServer server, String token) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/api/x"))
                .header("Authorization", "Bearer " + token)
                .build(),
            BodyHandlers.ofString());
  }
}
