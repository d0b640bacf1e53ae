package io.github.scalingtoolkit.auth;

import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Verifies tokens exactly by RFC 7515, 7519, 8725 and 9068, and where they leave a choice, by
 * the stricter one.
 *
 * <p><b>Order of the checks</b>, so that each works on input that earlier checks have made safe: size; three segments; header
 * (strict JSON, nothing in it that would have to be obeyed); key by exact {@code kid}; the algorithm is the key's; signature,
 * in constant time; and only then type and claims. Required: {@code iss sub aud exp iat jti}, of the right JSON type.
 *
 * <p>{@link #verify} never throws, never blocks, makes no remote call and logs no token. Immutable and safe for use by
 * several threads.
 */
public final class JwtVerifier {
  private static final Logger log = LoggerFactory.getLogger(JwtVerifier.class);
  private static final Duration MAX_SKEW = Duration.ofMinutes(5);
  private static final Duration MAX_CACHE_AGE = Duration.ofSeconds(60);
  private static final int MAX_CACHE_ENTRIES = 1_000_000;

  private final KeySource keySource;
  private final TokenType type;
  private final ClaimsPolicy policy;
  private final @Nullable VerificationCache cache;
  private final InstantSource clock;
  private final LongSupplier monotonicNanos;
  private final AuthListener listener;
  private final AtomicBoolean unavailable = new AtomicBoolean();
  private final AtomicBoolean listenerFailed = new AtomicBoolean();
  private volatile @Nullable KnownHeaders knownHeaders;

  private JwtVerifier(Builder builder, String issuer, String audience, KeySource keySource) {
    this.keySource = keySource;
    this.type = builder.type;
    this.policy = new ClaimsPolicy(issuer, audience, builder.skew.toMillis(), builder.required);
    this.cache = builder.cacheEntries == 0
        ? null
        : new VerificationCache(builder.cacheEntries, builder.cacheAge.toNanos());
    this.clock = builder.clock;
    this.monotonicNanos = builder.monotonicNanos;
    this.listener = builder.listener;
  }

  /** Starts a verifier. {@code issuer}, {@code audience} and {@code keys} are required. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Verifies {@code token} now.
   *
   * <p>Null, the empty string and any other sequence of characters are {@link Verification.Rejected}, not exceptions.
   *
   * @param token a token in JWS compact serialization, without the word Bearer
   */
  public Verification verify(@Nullable CharSequence token) {
    boolean fromCache = false;
    Verification verification;
    try {
      if (token == null) {
        throw Reject.as(RejectCode.MALFORMED);
      }
      Jws jws = Jws.split(token);
      KeySet keys = keySource.current();
      TokenDigest digest = cache == null ? null : TokenDigest.of(jws.bytes());
      Verification.Verified known = cache == null || digest == null
          ? null
          : cache.find(digest, keys, monotonicNanos.getAsLong());
      if (known != null) {
        policy.requireInTime(known.principal(), clock.millis());
        fromCache = true;
        verification = known;
      } else {
        verification = verify(jws, keys, digest);
      }
      recovered();
    } catch (Reject reject) {
      verification = Verification.Rejected.of(reject.code());
    } catch (RuntimeException e) {
      failed(e);
      verification = Verification.Rejected.of(RejectCode.UNAVAILABLE);
    }
    tell(verification, fromCache);
    return verification;
  }

  private Verification verify(Jws jws, KeySet keys, @Nullable TokenDigest digest) {
    KnownHeaders known = knownHeaders;
    if (known == null || !known.areOf(keys)) {
      known = KnownHeaders.noneOf(keys);
    }
    Header header = jws.header(known, keys);
    jws.authenticate(header.key());
    if (!type.matches(header.typ())) {
      throw Reject.as(RejectCode.WRONG_TYPE);
    }
    remember(known, header, jws);
    Principal principal = policy.admit(jws.claims(), clock.millis());
    Verification.Verified verified = new Verification.Verified(principal);
    if (cache != null && digest != null) {
      cache.put(digest, verified, header.key(), keys.generation(), monotonicNanos.getAsLong());
    }
    return verified;
  }

  private void tell(Verification verification, boolean fromCache) {
    try {
      if (verification instanceof Verification.Verified verified) {
        listener.verified(verified.principal(), fromCache);
      } else if (verification instanceof Verification.Rejected rejected) {
        listener.rejected(rejected.code());
      }
    } catch (RuntimeException e) {
      if (listenerFailed.compareAndSet(false, true)) {
        log.warn(
            "event=auth_listener_failed listener={} cause={} logged=once",
            listener.getClass().getName(),
            e.getClass().getName());
      }
    }
  }

  private void remember(KnownHeaders known, Header header, Jws jws) {
    if (known.find(jws.bytes(), jws.payloadStart() - 1) == null) {
      knownHeaders = known.with(header);
    }
  }

  /** Logs once that nothing can be verified, until verification works again. The cause's message may quote a token: not logged. */
  private void failed(RuntimeException e) {
    if (unavailable.compareAndSet(false, true)) {
      StackTraceElement[] trace = e.getStackTrace();
      log.error(
          "event=auth_unavailable cause={} at={} until=auth_available",
          e.getClass().getName(),
          trace.length == 0 ? "unknown" : trace[0]);
    }
  }

  private void recovered() {
    if (unavailable.get() && unavailable.compareAndSet(true, false)) {
      log.info("event=auth_available");
    }
  }

  /** Collects the settings of a verifier. Used by one thread. */
  public static final class Builder {
    private @Nullable String issuer;
    private @Nullable String audience;
    private @Nullable KeySource keys;
    private TokenType type = TokenType.ACCESS;
    private Duration skew = Duration.ofSeconds(30);
    private final Map<String, Class<?>> required = new LinkedHashMap<>();
    private int cacheEntries;
    private Duration cacheAge = MAX_CACHE_AGE;
    private InstantSource clock = InstantSource.system();
    private LongSupplier monotonicNanos = System::nanoTime;
    private AuthListener listener = new AuthListener() {};

    private Builder() {}

    /** Sets the one {@code iss} to accept, compared exactly. Required. */
    public Builder issuer(String issuer) {
      this.issuer = Objects.requireNonNull(issuer, "issuer");
      return this;
    }

    /** Sets the name that {@code aud} must equal or contain, compared exactly. Required. */
    public Builder audience(String audience) {
      this.audience = Objects.requireNonNull(audience, "audience");
      return this;
    }

    /** Sets where the issuer's keys come from. Required; they are bound to this issuer alone. */
    public Builder keys(KeySource keys) {
      this.keys = Objects.requireNonNull(keys, "keys");
      return this;
    }

    /** Sets the one type to accept. Default {@link TokenType#ACCESS} ({@code at+jwt}). */
    public Builder type(TokenType type) {
      this.type = Objects.requireNonNull(type, "type");
      return this;
    }

    /** Sets by how much clocks may differ when {@code exp}, {@code nbf} and {@code iat} are checked: 0 to 5 minutes, default 30 s. */
    public Builder skew(Duration skew) {
      this.skew = Objects.requireNonNull(skew, "skew");
      return this;
    }

    /**
     * Also refuses tokens that lack this claim or have it in another type. May be called for several claims.
     *
     * @param type one of those of {@link Principal#claim}
     * @throws IllegalArgumentException if it is none of those
     */
    public Builder require(String claim, Class<?> type) {
      Objects.requireNonNull(claim, "claim");
      check(
          Principal.TYPES.contains(type),
          "type of claim " + claim + " must be one of " + Principal.TYPES + " but was " + type);
      required.put(claim, type);
      return this;
    }

    /**
     * Remembers verified tokens, by hash, so that verifying one again costs less. Off by default. A token that has expired, or
     * whose key has been removed, is refused from the cache as well. An entry's age is real time, whatever {@link #clock}
     * says.
     *
     * @param maxEntries 1 to 1,000,000; each takes about as much memory as its claims
     * @param maxAge above 0, at most 60 s
     */
    public Builder cache(int maxEntries, Duration maxAge) {
      check(
          maxEntries >= 1 && maxEntries <= MAX_CACHE_ENTRIES,
          "cache maxEntries must be 1 to " + MAX_CACHE_ENTRIES + " but was " + maxEntries);
      check(
          !maxAge.isZero() && !maxAge.isNegative() && maxAge.compareTo(MAX_CACHE_AGE) <= 0,
          "cache maxAge must be > 0 and <= " + MAX_CACHE_AGE + " but was " + maxAge);
      this.cacheEntries = maxEntries;
      this.cacheAge = maxAge;
      return this;
    }

    /**
     * Sets where wall time comes from: any {@link java.time.Clock} will do. It must not block and must be safe for use by
     * several threads. Default {@link InstantSource#system()}.
     */
    public Builder clock(InstantSource clock) {
      this.clock = Objects.requireNonNull(clock, "clock");
      return this;
    }

    /** Sets the source of time for the age of cached entries, for tests. */
    Builder monotonicNanos(LongSupplier monotonicNanos) {
      this.monotonicNanos = monotonicNanos;
      return this;
    }

    /** Sets the listener for each verification, such as {@link AuthMetrics}. Default: none. */
    public Builder listener(AuthListener listener) {
      this.listener = Objects.requireNonNull(listener, "listener");
      return this;
    }

    /**
     * Returns the verifier.
     *
     * @throws IllegalArgumentException if something required is missing or empty, or {@code skew} is out of range
     */
    public JwtVerifier build() {
      check(
          !skew.isNegative() && skew.compareTo(MAX_SKEW) <= 0,
          "skew must be >= 0 and <= " + MAX_SKEW + " but was " + skew);
      return new JwtVerifier(
          this,
          Required.text("issuer", issuer),
          Required.text("audience", audience),
          Required.thing("keys", keys));
    }

    private static void check(boolean holds, String message) {
      if (!holds) {
        throw new IllegalArgumentException(message);
      }
    }
  }
}
