package io.github.scalingtoolkit.todo.api;

import io.github.scalingtoolkit.auth.BearerToken;
import io.github.scalingtoolkit.auth.JwtVerifier;
import io.github.scalingtoolkit.auth.RejectCode;
import io.github.scalingtoolkit.auth.Verification;
import io.github.scalingtoolkit.auth.Verification.Rejected;
import io.github.scalingtoolkit.auth.Verification.Verified;
import io.github.scalingtoolkit.core.limit.ClientAddress;
import io.github.scalingtoolkit.core.limit.Decision;
import io.github.scalingtoolkit.core.limit.RateLimiter;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.github.scalingtoolkit.todo.http.Problem;
import io.github.scalingtoolkit.todo.http.ProblemException;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.AttachmentKey;
import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import java.net.InetAddress;
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
  private static final int TOO_MANY_REQUESTS = 429;

  private final JwtVerifier verifier;
  private final Optional<? extends RateLimiter> limiter;
  private final ClientAddress clients;

  /**
   * Admits by {@code verifier} and, if there is one, {@code limiter}, which must not block; {@code clients} finds
   * the address of a client without a token.
   */
  public Gate(
      JwtVerifier verifier, Optional<? extends RateLimiter> limiter, ClientAddress clients) {
    this.verifier = verifier;
    this.limiter = limiter;
    this.clients = clients;
  }

  /**
   * Returns the user, whom {@link #user} returns from then on.
   *
   * @throws ProblemException 401 without a valid token, 429 beyond the limit, 503 if no token can be verified now
   */
  UserId admit(HttpServerExchange exchange) {
    HeaderValues given = exchange.getRequestHeaders().get(Headers.AUTHORIZATION);
    BearerToken bearer = BearerToken.from(given == null ? List.of() : given);
    Verification verification =
        bearer instanceof BearerToken.Present present ? verifier.verify(present.token()) : null;
    if (verification instanceof Verified verified) {
      String subject = verified.principal().subject();
      limit(exchange, "user:" + subject);
      UserId user = new UserId(subject);
      exchange.putAttachment(USER, user);
      return user;
    }
    if (verification instanceof Rejected rejected && rejected.code() == RejectCode.UNAVAILABLE) {
      // The token is not at fault: it cannot be checked now.
      throw new ProblemException(
          Problem.unavailable("Tokens cannot be verified", Duration.ofSeconds(1)));
    }
    HeaderValues forwarded = exchange.getRequestHeaders().get(Headers.X_FORWARDED_FOR);
    InetAddress client = clients.of(
        exchange.getSourceAddress().getAddress(), forwarded == null ? List.of() : forwarded);
    limit(exchange, "address:" + ClientAddress.key(client));
    throw new ProblemException(
        Problem.unauthorized(bearer instanceof BearerToken.Missing ? "No token" : "Invalid token"));
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
      throw new ProblemException(Problem.of(TOO_MANY_REQUESTS, "Too many requests")
          .detail("The limit is " + decision.limit().permits() + " requests in "
              + decision.limit().period() + ".")
          .with("Retry-After", Long.toString(decision.retryAfterSeconds())));
    }
  }
}
