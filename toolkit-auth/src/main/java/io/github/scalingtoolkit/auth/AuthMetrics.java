package io.github.scalingtoolkit.auth;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Map;

/**
 * Counts verifications as {@code toolkit.auth.verifications} by {@code outcome}: {@code verified},
 * {@code verified_from_cache}, or the {@link RejectCode#tag()}. All series exist from the start, at 0, and there are no
 * others: no tag has a value that a caller controls.
 *
 * <p>Needs micrometer-core, which is an optional dependency of this module. Safe for use by several threads.
 */
public final class AuthMetrics implements AuthListener {
  private final Counter verified;
  private final Counter verifiedFromCache;
  private final Map<RejectCode, Counter> rejected = new EnumMap<>(RejectCode.class);

  private AuthMetrics(MeterRegistry registry) {
    this.verified = counter(registry, "verified");
    this.verifiedFromCache = counter(registry, "verified_from_cache");
    for (RejectCode code : RejectCode.values()) {
      rejected.put(code, counter(registry, code.tag()));
    }
  }

  /** Registers the counters and returns the listener that counts: pass it to {@link JwtVerifier.Builder#listener}. */
  public static AuthMetrics of(MeterRegistry registry) {
    return new AuthMetrics(registry);
  }

  private static Counter counter(MeterRegistry registry, String outcome) {
    return Counter.builder("toolkit.auth.verifications")
        .description("Verified tokens by result")
        .tag("outcome", outcome)
        .register(registry);
  }

  @Override
  public void verified(Principal principal, boolean fromCache) {
    (fromCache ? verifiedFromCache : verified).increment();
  }

  @Override
  public void rejected(RejectCode code) {
    Counter counter = rejected.get(code);
    if (counter != null) {
      counter.increment();
    }
  }
}
