package io.github.scalingtoolkit.todo.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.scalingtoolkit.testing.Await;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How a server comes to listen, and how it ends. */
class HttpServerLifecycleTest {
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final TestServer server = new TestServer();

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void stoppingAnswersWhatIsUnderWayAndRefusesWhatIsNew() throws Exception {
    CompletableFuture<HttpResponse<String>> underWay = server.ask("/held");
    Await.until("it is under way", () -> server.held() == 1);
    int port = server.port();
    Thread stopper = new Thread(() -> server.stop(Duration.ofSeconds(30)));
    stopper.start();
    Await.until(
        "it drains",
        () -> server
            .ask("/health")
            .join()
            .headers()
            .firstValue("Connection")
            .filter("close"::equals)
            .isPresent());

    server.release();

    assertThat(underWay.join().statusCode()).isEqualTo(200);
    stopper.join();
    server.start(Duration.ofSeconds(10), Set.of("*"));
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port).close());
  }

  @Test
  void aPortInUseIsNamedWithWhatToDo() {
    HttpConfig taken = HttpConfig.at("public", "127.0.0.1", server.port());

    assertThatExceptionOfType(ListenException.class)
        .isThrownBy(() -> HttpServer.start(taken, new Router(List.of()), meters))
        .withMessageContaining("127.0.0.1:" + server.port())
        .withMessageContaining("choose another port");
  }

  @ParameterizedTest
  @CsvSource({"no-such-host.invalid,UNKNOWN_HOST", "192.0.2.1,FOREIGN_HOST"})
  void aHostThatIsNotThisMachineIsNamedWithWhatToDo(String host, ListenException.Reason reason) {
    assertThatExceptionOfType(ListenException.class)
        .isThrownBy(
            () -> HttpServer.start(HttpConfig.at("public", host, 0), new Router(List.of()), meters))
        .withMessageContaining(host)
        .withMessageContaining("an address of this machine")
        .withMessageNotContaining("another port")
        .satisfies(refused -> assertThat(refused.reason()).isEqualTo(reason));
  }
}
