package io.github.scalingtoolkit.todo.http;

import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HttpString;
import java.time.Duration;

/**
 * The time that a request has: what it waits for (a store, a turn, another's work) ends by then, so that its client has an
 * answer within 3 s.
 *
 * <p>A balancer that gets a 503 for a read asks one other process, and says so in the request. So that the client waits for
 * both no longer than for one, a read has a little less time than other requests, and one that is asked again has the rest.
 */
public final class AnswerTime {
  private static final HttpString ASKED_AGAIN = new HttpString("X-Asked-Again");
  private static final Duration LONGEST = Duration.ofMillis(2900);
  private static final Duration SECOND_READ = Duration.ofMillis(500);
  private static final Duration FIRST_READ = LONGEST.minus(SECOND_READ);

  private AnswerTime() {}

  /** Marks a read that another process has answered with 503. A client that does so has less time, and gains nothing. */
  public static void askAgain(HttpServerExchange exchange) {
    exchange.getRequestHeaders().put(ASKED_AGAIN, "1");
  }

  /** Returns the deadline of a request that is complete and begins to be worked on now. */
  static Deadline of(HttpServerExchange exchange) {
    String method = exchange.getRequestMethod().toString();
    Duration time = !method.equals("GET") && !method.equals("HEAD")
        ? LONGEST
        : exchange.getRequestHeaders().contains(ASKED_AGAIN) ? SECOND_READ : FIRST_READ;
    return Deadline.after(time, Clock.system());
  }
}
