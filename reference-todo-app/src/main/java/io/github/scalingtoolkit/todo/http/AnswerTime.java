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
 * <p>A balancer that gets a 503 for a read asks one other process, and says so in the request, with the milliseconds that are
 * left as far as it knows them. So that the client waits for both no longer than for one, a read has a little less time than other
 * requests, and one that is asked again has the rest: 0.5 s at least.
 */
public final class AnswerTime {
  private static final HttpString ASKED_AGAIN = new HttpString("X-Asked-Again");
  private static final Duration LONGEST = Duration.ofMillis(2900);
  private static final Duration SECOND_READ = Duration.ofMillis(500);
  private static final Duration FIRST_READ = LONGEST.minus(SECOND_READ);
  /** More digits are more than the longest time. */
  private static final int MOST_DIGITS = 4;

  private AnswerTime() {}

  /** Removes what a client says of it: only a balancer knows whether a request is asked again. */
  public static void forgetAskedAgain(HttpServerExchange exchange) {
    exchange.getRequestHeaders().remove(ASKED_AGAIN);
  }

  /**
   * Marks a read that another process has answered with 503.
   *
   * @param passed how long the first process has had it
   */
  public static void askAgain(HttpServerExchange exchange, Duration passed) {
    Duration left = secondRead(LONGEST.minus(passed));
    exchange.getRequestHeaders().put(ASKED_AGAIN, Long.toString(left.toMillis()));
  }

  /** Returns the deadline of a request that is complete and begins to be worked on now. */
  static Deadline of(HttpServerExchange exchange) {
    String method = exchange.getRequestMethod().toString();
    String askedAgain = exchange.getRequestHeaders().getFirst(ASKED_AGAIN);
    Duration time = !method.equals("GET") && !method.equals("HEAD")
        ? LONGEST
        : askedAgain == null ? FIRST_READ : secondRead(millis(askedAgain));
    return Deadline.after(time, Clock.system());
  }

  private static Duration secondRead(Duration left) {
    return left.compareTo(SECOND_READ) < 0
        ? SECOND_READ
        : left.compareTo(FIRST_READ) > 0 ? FIRST_READ : left;
  }

  /** Returns zero for what is no number, such as that of a balancer that does not reckon. */
  private static Duration millis(String given) {
    boolean digits = !given.isEmpty() && given.chars().allMatch(c -> c >= '0' && c <= '9');
    return !digits
        ? Duration.ZERO
        : given.length() > MOST_DIGITS ? FIRST_READ : Duration.ofMillis(Integer.parseInt(given));
  }
}
