package io.github.scalingtoolkit.todo.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.auth.JwtVerifier;
import io.github.scalingtoolkit.auth.KeySource;
import io.github.scalingtoolkit.auth.SigningKey;
import io.github.scalingtoolkit.auth.TokenIssuer;
import io.github.scalingtoolkit.cache.CacheAside;
import io.github.scalingtoolkit.cache.CacheListener;
import io.github.scalingtoolkit.cache.Codec;
import io.github.scalingtoolkit.cache.Outcome;
import io.github.scalingtoolkit.core.limit.ClientAddress;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.queue.JobQueue;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.PatientRedis;
import io.github.scalingtoolkit.testing.RedisServer;
import io.github.scalingtoolkit.todo.domain.InMemoryTodoStore;
import io.github.scalingtoolkit.todo.domain.NewTodo;
import io.github.scalingtoolkit.todo.domain.Title;
import io.github.scalingtoolkit.todo.domain.TodoStore;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.github.scalingtoolkit.todo.http.Clients;
import io.github.scalingtoolkit.todo.http.HttpConfig;
import io.github.scalingtoolkit.todo.http.HttpServer;
import io.github.scalingtoolkit.todo.http.Route;
import io.github.scalingtoolkit.todo.http.Router;
import io.github.scalingtoolkit.todo.jobs.Notifications;
import io.github.scalingtoolkit.todo.todos.ListPage;
import io.github.scalingtoolkit.todo.todos.TodoReads;
import io.github.scalingtoolkit.todo.todos.TodoWrites;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The hot path: a list that is in this process' memory costs no other thread and no JSON work. */
class ListFromMemoryTest {
  private static final UserId USER = new UserId("ada");

  private final AtomicInteger onIoThread = new AtomicInteger();
  private final AtomicInteger onBlockingThread = new AtomicInteger();
  private final AtomicInteger decoded = new AtomicInteger();
  private final AtomicInteger hits = new AtomicInteger();

  @Test
  void aListInMemoryIsAnsweredOnTheIoThreadFromBytesThatAreReady() throws Exception {
    KeySource keys = KeySource.of(SigningKey.hs256("a secret of at least thirty-two bytes"));
    TodoStore store = new InMemoryTodoStore(Clock.system());
    store.create(USER, new NewTodo(new Title("Buy milk"), false));
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = PatientRedis.open(server.url());
        CacheAside<UserId, ListPage> lists = CacheAside.builder(redis, "todos", counting())
            .<UserId>keys(UserId::value)
            .timeToLive(Duration.ofMinutes(10))
            .local(100, Duration.ofMinutes(10))
            .listener(new CacheListener() {
              @Override
              public void onGet(Outcome outcome) {
                if (outcome == Outcome.L1_HIT) {
                  hits.incrementAndGet();
                }
              }
            })
            .build()) {
      Gate gate = new Gate(
          JwtVerifier.builder().issuer("a").audience("b").keys(keys).build(),
          Optional.empty(),
          new Clients(ClientAddress.behind()));
      Notifications notifications =
          new Notifications(redis, JobQueue.builder(redis, Notifications.QUEUE).build());
      TodoRoutes routes = new TodoRoutes(
          gate, new TodoReads(lists, true, store), new TodoWrites(store, lists, notifications));
      HttpServer http = HttpServer.start(
          HttpConfig.at("test", "127.0.0.1", 0),
          new Router(routes.routes().stream()
              .filter(route -> route.method().equals("GET"))
              .map(this::watched)
              .toList()),
          new SimpleMeterRegistry());
      try {
        String token = TokenIssuer.builder()
            .issuer("a")
            .audience("b")
            .keys(keys)
            .build()
            .issue(USER.value())
            .value();
        String list = ask(http, token).body();
        AtomicInteger sent = new AtomicInteger(1);
        Await.until("the list is in memory", () -> {
          ask(http, token);
          sent.incrementAndGet();
          return onIoThread.get() > 0;
        });
        // A client may have an answer a moment before it is counted.
        Await.until("all are counted", () -> counted() == sent.get());
        int asked = onIoThread.get();
        int blocked = onBlockingThread.get();
        int decodedBefore = decoded.get();

        for (int i = 0; i < 20; i++) {
          HttpResponse<String> answer = ask(http, token);
          assertThat(answer.headers().firstValue("X-Cache")).contains("HIT");
          assertThat(answer.body()).isEqualTo(list).contains("Buy milk");
        }

        Await.until("all are counted", () -> counted() == sent.get() + 20);
        assertThat(onIoThread).hasValue(asked + 20);
        assertThat(onBlockingThread).hasValue(blocked);
        assertThat(decoded).hasValue(decodedBefore);

        for (int i = 0; i < 100; i++) {
          store.create(USER, new NewTodo(new Title("x".repeat(400)), false));
        }
        lists.evict(USER);
        sent.addAndGet(20);
        Await.until("the large list is in memory", () -> {
          ask(http, token);
          sent.incrementAndGet();
          return onIoThread.get() > asked + 20;
        });
        Await.until("all are counted", () -> counted() == sent.get());
        int io = onIoThread.get();
        int hitsBefore = hits.get();
        HttpResponse<String> compressed = ask(http, token, "Accept-Encoding", "gzip");
        assertThat(compressed.headers().firstValue("Content-Encoding")).contains("gzip");
        assertThat(compressed.headers().firstValue("X-Cache")).contains("HIT");
        Await.until("it is counted", () -> counted() == sent.get() + 1);
        assertThat(onIoThread).as("others' connections do not wait for it").hasValue(io);
        assertThat(hits).as("it is one hit").hasValue(hitsBefore + 1);
      } finally {
        http.stop(Duration.ofSeconds(5));
      }
    }
  }

  private int counted() {
    return onIoThread.get() + onBlockingThread.get();
  }

  /** Counts where {@code route} answers. */
  private Route watched(Route route) {
    return Route.get(
        route.template(),
        route.admission(),
        exchange -> {
          boolean answered = route.quick().answers(exchange);
          if (answered && exchange.isInIoThread()) {
            onIoThread.incrementAndGet();
          }
          return answered;
        },
        exchange -> {
          onBlockingThread.incrementAndGet();
          route.blocking().handleRequest(exchange);
        });
  }

  private Codec<ListPage> counting() {
    return new Codec<>() {
      @Override
      public byte[] encode(ListPage page) {
        decoded.incrementAndGet();
        return ListPage.CODEC.encode(page);
      }

      @Override
      public ListPage decode(byte[] bytes) {
        decoded.incrementAndGet();
        return ListPage.CODEC.decode(bytes);
      }
    };
  }

  private static HttpResponse<String> ask(HttpServer server, String token, String... headers) {
    HttpRequest.Builder request = HttpRequest.newBuilder(
            URI.create("http://127.0.0.1:" + server.port() + "/api/todos"))
        .header("Authorization", "Bearer " + token);
    if (headers.length > 0) {
      request.headers(headers);
    }
    try {
      return HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofString());
    } catch (Exception failed) {
      throw new AssertionError(failed);
    }
  }
}
