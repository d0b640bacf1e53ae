package io.github.scalingtoolkit.todo.api;

import io.github.scalingtoolkit.auth.BearerToken;
import io.github.scalingtoolkit.auth.JwtVerifier;
import io.github.scalingtoolkit.auth.RejectCode;
import io.github.scalingtoolkit.auth.Verification;
import io.github.scalingtoolkit.auth.Verification.Rejected;
import io.github.scalingtoolkit.auth.Verification.Verified;
import io.github.scalingtoolkit.core.limit.Decision;
import io.github.scalingtoolkit.core.limit.RateLimiter;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.github.scalingtoolkit.todo.http.Clients;
import io.github.scalingtoolkit.todo.http.Problem;
import io.github.scalingtoolkit.todo.http.ProblemException;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.AttachmentKey;
import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Admits a request to {@code /api} if it has a valid token and its user is within the rate limit. Requests without a
 * valid token count against their address, so that guessing is limited too. Never blocks.
 */
public final class Gate {
  private static final AttachmentKey<UserId> USER = AttachmentKey.create(UserId.class);
  private static final HttpString RATE_LIMIT = new HttpString("RateLimit");
  private static final HttpString RATE_LIMIT_POLICY = new HttpString("RateLimit-Policy");

  private final JwtVerifier verifier;
  private final Optional<? extends RateLimiter> limiter;
  private final Clients clients;

  /**
   * Admits by {@code verifier} and, if there is one, {@code limiter}, which must not block; {@code clients} finds
   * the address of a client without a token.
   */
  public Gate(JwtVerifier verifier, Optional<? extends RateLimiter> limiter, Clients clients) {
    this.verifier = verifier;
    this.limiter = limiter;
    this.clients = clients;
  }

  /**
   * Admits a user, whom {@link #user} returns from then on: a route's {@link io.github.scalingtoolkit.todo.http.Admission}.
   *
   * @throws ProblemException 401 without a valid token, 429 beyond the limit, 503 if no token can be verified now
   */
  void admit(HttpServerExchange exchange) {
    HeaderValues given = exchange.getRequestHeaders().get(Headers.AUTHORIZATION);
    BearerToken bearer = BearerToken.from(given == null ? List.of() : given);
    UserId user = userOf(bearer);
    limit(exchange, user == null ? "address:" + clients.key(exchange) : "user:" + user.value());
    admitted(exchange, user, bearer);
  }

  /**
   * As {@link #admit}, without a limit: for requests outside {@code /api}.
   *
   * @throws ProblemException 401 without a valid token, 503 if no token can be verified now
   */
  void admitUnlimited(HttpServerExchange exchange) {
    HeaderValues given = exchange.getRequestHeaders().get(Headers.AUTHORIZATION);
    BearerToken bearer = BearerToken.from(given == null ? List.of() : given);
    admitted(exchange, userOf(bearer), bearer);
  }

  /** Returns the user of a valid token; null without one. */
  private @Nullable UserId userOf(BearerToken bearer) {
    Verification verification =
        bearer instanceof BearerToken.Present present ? verifier.verify(present.token()) : null;
    if (verification instanceof Rejected rejected && rejected.code() == RejectCode.UNAVAILABLE) {
      // The token is not at fault: it cannot be checked now.
      throw new ProblemException(
          Problem.unavailable("Tokens cannot be verified", Duration.ofSeconds(1)));
    }
    return verification instanceof Verified verified
        ? new UserId(verified.principal().subject())
        : null;
  }

  private static void admitted(
      HttpServerExchange exchange, @Nullable UserId user, BearerToken bearer) {
    if (user == null) {
      boolean missing = bearer instanceof BearerToken.Missing;
      throw new ProblemException(
          missing
              ? Problem.unauthorized("No token")
              : Problem.unauthorized("Invalid token")
                  .with("WWW-Authenticate", "Bearer error=\"invalid_token\""));
    }
    exchange.putAttachment(USER, user);
  }

  /** Returns the user whom {@link #admit} admitted. */
  static UserId user(HttpServerExchange exchange) {
    @Nullable UserId user = exchange.getAttachment(USER);
    if (user == null) {
      throw new IllegalStateException("no authenticated user for " + exchange.getRequestPath()
          + ": its route does not call Gate.admit");
    }
    return user;
  }

  private void limit(HttpServerExchange exchange, String key) {
    if (limiter.isEmpty()) {
      return;
    }
    Decision decision = limiter.get().tryAcquire(key);
    HeaderMap answer = exchange.getResponseHeaders();
    answer.put(RATE_LIMIT, decision.rateLimitHeader());
    answer.put(RATE_LIMIT_POLICY, decision.limit().policyHeader());
    if (!decision.allowed()) {
      throw new ProblemException(Problem.tooMany("Too many requests", decision.retryAfter())
          .detail("The limit is " + decision.limit().permits() + " requests in "
              + inWords(decision.limit().period()) + "."));
    }
  }

  private static String inWords(Duration period) {
    long millis = period.toMillis();
    return millis % 3_600_000 == 0
        ? millis / 3_600_000 + " h"
        : millis % 60_000 == 0
            ? millis / 60_000 + " min"
            : millis % 1000 == 0 ? millis / 1000 + " s" : millis + " ms";
  }
}
