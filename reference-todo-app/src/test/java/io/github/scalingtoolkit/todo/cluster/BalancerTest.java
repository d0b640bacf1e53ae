package io.github.scalingtoolkit.todo.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import io.github.scalingtoolkit.core.limit.ClientAddress;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.todo.http.HttpConfig;
import io.github.scalingtoolkit.todo.http.RawAnswer;
import io.undertow.Undertow;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BalancerTest {
  /** For each worker one of these is worked on, one waits, and one body may be on its way. */
  private static final HttpConfig SMALL = new HttpConfig(
      "public",
      "127.0.0.1",
      0,
      1024,
      1,
      Duration.ofSeconds(10),
      Duration.ofSeconds(75),
      Set.of("*"),
      false);

  private final HttpClient client = HttpClient.newHttpClient();

  @Test
  void slowUploadsDoNotKeepOthersFromReadingOrWriting() throws Exception {
    HttpServer served =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    served.createContext("/", exchange -> {
      exchange.sendResponseHeaders(200, -1);
      exchange.close();
    });
    served.start();
    int port = served.getAddress().getPort();
    WorkerProcess worker = announcing(port);
    Balancer balancer = new Balancer(SMALL, 4, ClientAddress.behind());
    List<Socket> slow = new ArrayList<>();
    try {
      Await.until("the worker has said where it is", () -> worker.address().isPresent());
      balancer.add(worker);
      balancer.start();
      for (int i = 0; i < 12; i++) {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), balancer.port());
        slow.add(socket);
        socket
            .getOutputStream()
            .write("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 500\r\n\r\n{"
                .getBytes(StandardCharsets.UTF_8));
      }
      HttpRequest.Builder request = HttpRequest.newBuilder(
              URI.create("http://127.0.0.1:" + balancer.port() + "/"))
          .timeout(Duration.ofSeconds(20));
      HttpRequest write = request.copy().POST(BodyPublishers.ofString("{}")).build();

      // Which eight is for the threads that read them to say.
      List<CompletableFuture<String>> answers = slow.stream().map(RawAnswer::on).toList();
      Await.until(
          "those gave way who have no place, and are told so",
          () -> answers.stream()
                  .filter(answer -> answer.getNow("").startsWith("HTTP/1.1 503"))
                  .count()
              == 8);
      for (int i = 0; i < 10; i++) {
        assertThat(status(write)).isEqualTo(200);
      }
      assertThat(status(request.GET().build())).isEqualTo(200);
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
      balancer.stop();
      worker.kill();
      served.stop(0);
    }
  }

  @Test
  void aDrainThatBeginsWhileABodyIsOnItsWayClosesItsConnectionToo() throws Exception {
    HttpServer served =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    served.createContext("/", exchange -> {
      exchange.sendResponseHeaders(200, -1);
      exchange.close();
    });
    served.start();
    WorkerProcess worker = announcing(served.getAddress().getPort());
    Balancer balancer = new Balancer(SMALL, 1, ClientAddress.behind());
    try (Socket socket = new Socket()) {
      Await.until("the worker has said where it is", () -> worker.address().isPresent());
      balancer.add(worker);
      balancer.start();
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), balancer.port()));
      BufferedReader answers = new BufferedReader(
          new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));

      String before = post(socket, answers, () -> {});
      String drained = post(socket, answers, balancer::drain);

      assertThat(before).startsWith("HTTP/1.1 200").doesNotContain("Connection: close");
      assertThat(drained).startsWith("HTTP/1.1 200").contains("\nConnection: close\n");
    } finally {
      balancer.stop();
      worker.kill();
      served.stop(0);
    }
  }

  @ParameterizedTest
  @CsvSource({"GET, true", "HEAD, true", "PUT, false", "DELETE, false", "POST, false"})
  void whatWasSentIsSentAgainOnlyIfItChangesNothing(String method, boolean again) throws Exception {
    List<String> received = new CopyOnWriteArrayList<>();
    HttpServer dying =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    dying.createContext("/", exchange -> {
      received.add(exchange.getRequestMethod());
      exchange.close();
    });
    dying.start();
    List<WorkerProcess> workers = List.of(
        announcing(dying.getAddress().getPort()), announcing(dying.getAddress().getPort()));
    Balancer balancer = new Balancer(SMALL, 2, ClientAddress.behind());
    try {
      for (WorkerProcess worker : workers) {
        Await.until("the worker has said where it is", () -> worker.address().isPresent());
        balancer.add(worker);
      }
      balancer.start();

      int status =
          status(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + balancer.port() + "/"))
              .method(method, BodyPublishers.noBody())
              .build());

      assertThat(status).isEqualTo(503);
      assertThat(received.size() > 1).as("received: %s", received).isEqualTo(again);
    } finally {
      balancer.stop();
      workers.forEach(WorkerProcess::kill);
      dying.stop(0);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "GET, true",
    "HEAD, true",
    "PUT, false",
    "PATCH, false",
    "DELETE, false",
    "POST, false"
  })
  void whatOneWorkerAnswersWith503IsAskedOfAnotherOnlyIfItReads(String method, boolean another)
      throws Exception {
    AtomicInteger lacked = new AtomicInteger();
    HttpServer lacking = answering(503, lacked);
    HttpServer whole = answering(200, new AtomicInteger());
    try (Balanced balanced = new Balanced(lacking, whole, whole)) {
      AtomicInteger refused = new AtomicInteger();
      Await.until("the one that lacks something was chosen, which is by chance", () -> {
        if (status(balanced.request(method)) == 503) {
          refused.incrementAndGet();
        }
        return lacked.get() > 0;
      });

      assertThat(refused).hasValue(another ? 0 : lacked.get());
    } finally {
      lacking.stop(0);
      whole.stop(0);
    }
  }

  @Test
  void whatEveryWorkerAnswersWith503IsAskedOfTwoAndThenTold() throws Exception {
    Queue<String> again = new ConcurrentLinkedQueue<>();
    HttpServer lacking = serving(exchange -> {
      again.add(exchange
          .getRequestHeaders()
          .getOrDefault("X-Asked-Again", List.of("new"))
          .toString());
      byte[] body = "of a worker".getBytes(StandardCharsets.US_ASCII);
      exchange.sendResponseHeaders(503, body.length);
      exchange.getResponseBody().write(body);
      exchange.close();
    });
    try (Balanced balanced = new Balanced(lacking, lacking, lacking)) {
      HttpRequest claiming = HttpRequest.newBuilder(balanced.request("GET"), (name, value) -> true)
          .header("X-Asked-Again", "of a client")
          .build();
      HttpResponse<String> answer = client.send(claiming, BodyHandlers.ofString());

      assertThat(answer.statusCode()).isEqualTo(503);
      assertThat(answer.body()).isEqualTo("of a worker");
      assertThat(again).hasSize(2);
      assertThat(again.poll()).isEqualTo("[new]");
      assertThat(again.poll())
          .as("the milliseconds that are left")
          .matches("\\[(\\d{3}|[12]\\d{3})\\]");
    } finally {
      lacking.stop(0);
    }
  }

  @Test
  void aConnectionThatBroughtA503WithItsBodyIsUsedAgain() throws Exception {
    Set<SocketAddress> connections = ConcurrentHashMap.newKeySet();
    // Head and body in one piece, as a worker sends them.
    Undertow lacking = Undertow.builder()
        .addHttpListener(0, "127.0.0.1")
        .setIoThreads(1)
        .setHandler(exchange -> {
          connections.add(exchange.getConnection().getPeerAddress());
          exchange.setStatusCode(503).getResponseSender().send("x".repeat(200));
        })
        .build();
    lacking.start();
    int port = ((InetSocketAddress) lacking.getListenerInfo().get(0).getAddress()).getPort();
    int requests = 50;
    try (Balanced balanced = new Balanced(port, port)) {
      for (int i = 0; i < requests; i++) {
        assertThat(status(balanced.request("GET"))).isEqualTo(503);
      }

      assertThat(connections).hasSizeLessThan(requests);
    } finally {
      lacking.stop();
    }
  }

  @Test
  void a503WhoseBodyIsStillToComeKeepsNobodyWaiting() throws Exception {
    CountDownLatch answered = new CountDownLatch(1);
    AtomicInteger lacked = new AtomicInteger();
    HttpServer lacking = serving(exchange -> {
      lacked.incrementAndGet();
      exchange.sendResponseHeaders(503, 200);
      exchange.getResponseBody().flush();
      awaitQuietly(answered);
      exchange.close();
    });
    HttpServer whole = answering(200, new AtomicInteger());
    try (Balanced balanced = new Balanced(lacking, whole)) {
      Await.until("the one that lacks something was chosen, which is by chance", () -> {
        assertThat(status(balanced.request("GET"))).isEqualTo(200);
        return lacked.get() > 0;
      });
    } finally {
      answered.countDown();
      lacking.stop(0);
      whole.stop(0);
    }
  }

  @Test
  void aSecondWorkerThatDiesAfterA503OfTheFirstIsNotTheEnd() throws Exception {
    AtomicInteger lacked = new AtomicInteger();
    AtomicInteger died = new AtomicInteger();
    HttpServer lacking = answering(503, lacked);
    HttpServer dying = serving(exchange -> {
      died.incrementAndGet();
      exchange.close();
    });
    try (Balanced balanced = new Balanced(lacking, dying)) {
      Await.until("both were asked", () -> {
        assertThat(status(balanced.request("GET"))).isEqualTo(503);
        return lacked.get() > 0 && died.get() > 0;
      });
    } finally {
      lacking.stop(0);
      dying.stop(0);
    }
  }

  @Test
  void aWholeWorkerIsPreferredThenOneWithoutAStoreThenUnreadyOnes() throws Exception {
    AtomicInteger first = new AtomicInteger();
    AtomicInteger second = new AtomicInteger();
    HttpServer one = answering(200, first);
    HttpServer other = answering(200, second);
    try (Balanced balanced = new Balanced(one, other)) {
      balanced.workers.get(0).answered(true, true);
      balanced.workers.get(1).answered(true, false);
      for (int i = 0; i < 20; i++) {
        status(balanced.request("GET"));
      }
      assertThat(List.of(first.get(), second.get())).containsExactly(0, 20);

      balanced.workers.get(1).answered(false, false);
      for (int i = 0; i < 20; i++) {
        status(balanced.request("GET"));
      }
      assertThat(List.of(first.get(), second.get())).containsExactly(20, 20);
    } finally {
      one.stop(0);
      other.stop(0);
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static HttpServer serving(HttpHandler handler) throws IOException {
    HttpServer served =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    served.createContext("/", handler);
    served.start();
    return served;
  }

  private static HttpServer answering(int status, AtomicInteger asked) throws IOException {
    return serving(exchange -> {
      asked.incrementAndGet();
      if (status == 200 || exchange.getRequestMethod().equals("HEAD")) {
        exchange.sendResponseHeaders(status, -1);
      } else {
        byte[] body = "of a worker".getBytes(StandardCharsets.US_ASCII);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
      }
      exchange.close();
    });
  }

  /** A balancer before workers that serve at the given servers. */
  private static final class Balanced implements AutoCloseable {
    final List<WorkerProcess> workers = new ArrayList<>();
    private final Balancer balancer;

    Balanced(HttpServer... servers) throws IOException {
      this(Arrays.stream(servers)
          .mapToInt(served -> served.getAddress().getPort())
          .toArray());
    }

    Balanced(int... ports) throws IOException {
      balancer = new Balancer(SMALL, ports.length, ClientAddress.behind());
      for (int port : ports) {
        WorkerProcess worker = announcing(port);
        workers.add(worker);
        Await.until("the worker has said where it is", () -> worker.address().isPresent());
        balancer.add(worker);
      }
      balancer.start();
    }

    HttpRequest request(String method) {
      return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + balancer.port() + "/"))
          .method(method, BodyPublishers.noBody())
          .build();
    }

    @Override
    public void close() {
      balancer.stop();
      workers.forEach(WorkerProcess::kill);
    }
  }

  /** Sends a request whose body follows only after {@code between}, and returns the head of its answer. */
  private static String post(Socket socket, BufferedReader answers, Runnable between)
      throws IOException {
    send(socket, "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n");
    send(socket, "Content-Length: 2\r\n\r\n");
    // Who says so has read the head, and has begun with the body.
    assertThat(head(answers)).startsWith("HTTP/1.1 100");
    between.run();
    send(socket, "{}");
    return head(answers);
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String head(BufferedReader answers) throws IOException {
    StringBuilder head = new StringBuilder();
    String line = answers.readLine();
    while (line != null && !line.isEmpty()) {
      head.append(line).append('\n');
      line = answers.readLine();
    }
    return head.toString();
  }

  @Test
  void asMuchIsUnderWayAsSoManyProcessesAloneWouldTake() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    AtomicInteger arrived = new AtomicInteger();
    ExecutorService threads = Executors.newCachedThreadPool();
    HttpServer served =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    served.setExecutor(threads);
    served.createContext("/", exchange -> {
      arrived.incrementAndGet();
      try {
        release.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      exchange.sendResponseHeaders(200, -1);
      exchange.close();
    });
    served.start();
    int port = served.getAddress().getPort();
    WorkerProcess worker = announcing(port);
    Balancer balancer = new Balancer(SMALL, 2, ClientAddress.behind());
    try {
      Await.until("the worker has said where it is", () -> worker.address().isPresent());
      balancer.add(worker);
      balancer.start();
      HttpRequest request = HttpRequest.newBuilder(
              URI.create("http://127.0.0.1:" + balancer.port() + "/"))
          .build();
      List<CompletableFuture<Integer>> answers = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        answers.add(client
            .sendAsync(request, BodyHandlers.discarding())
            .thenApply(HttpResponse::statusCode));
      }

      Await.until("one is refused", () -> answers.stream().anyMatch(CompletableFuture::isDone));
      Await.until("two are at work", () -> arrived.get() == 2);
      release.countDown();

      assertThat(answers.stream().map(CompletableFuture::join))
          .containsExactlyInAnyOrder(200, 200, 200, 200, 503);
    } finally {
      release.countDown();
      balancer.stop();
      worker.kill();
      served.stop(0);
      threads.shutdownNow();
    }
  }

  /** Returns a worker that says that it serves at {@code port}, with its admin port, and does nothing else. */
  static WorkerProcess announcing(int port) throws IOException {
    return announcing(port, port);
  }

  /** As above, with an admin port. */
  static WorkerProcess announcing(int port, int adminPort) throws IOException {
    return new WorkerProcess(
        1,
        new ProcessBuilder(
                "sh",
                "-c",
                "echo '" + WorkerLink.ANNOUNCEMENT + port + " " + adminPort + "'; exec sleep 600")
            .start());
  }

  private int status(HttpRequest request) {
    try {
      return client.send(request, BodyHandlers.discarding()).statusCode();
    } catch (Exception failed) {
      throw new AssertionError(failed);
    }
  }
}
