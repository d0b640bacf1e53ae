package io.github.scalingtoolkit.benchmarks.hotpath;

import io.github.scalingtoolkit.auth.JwtVerifier;
import io.github.scalingtoolkit.auth.KeySource;
import io.github.scalingtoolkit.auth.SigningKey;
import io.github.scalingtoolkit.auth.Subject;
import io.github.scalingtoolkit.auth.TokenIssuer;
import io.github.scalingtoolkit.auth.Verification;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a request pays to know its caller: an HS256 token verified in full, found in the verification cache, and the
 * floor of the former, HMAC-SHA256 over the same bytes with nothing around it.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class VerifyBenchmark {
  private static final String ISSUER = "https://todo.example";
  private static final String AUDIENCE = "todo-api";
  private static final byte[] SECRET =
      "a-secret-of-the-benchmark-alone-with-48-characters".getBytes(StandardCharsets.UTF_8);

  private String token = "";
  private byte[] signedBytes = {};
  private JwtVerifier uncached = verifier().build();
  private JwtVerifier cached = verifier().cache(10_000, Duration.ofSeconds(60)).build();
  private Mac mac = mac();

  /** Issues the token and fills the cache. */
  @Setup
  public void issue() {
    token = TokenIssuer.builder()
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .keys(keys())
        .timeToLive(Duration.ofHours(1))
        .build()
        .issue(Subject.of("user123"))
        .value();
    signedBytes = token.substring(0, token.lastIndexOf('.')).getBytes(StandardCharsets.US_ASCII);
    requireVerified(uncached.verify(token));
    requireVerified(cached.verify(token));
  }

  /** Verifies in full: format, signature, claims. */
  @Benchmark
  public Verification uncached() {
    return uncached.verify(token);
  }

  /** Verifies a token that was verified before. */
  @Benchmark
  public Verification cached() {
    return cached.verify(token);
  }

  /** The floor: only the MAC of the signed bytes, by an engine that is ready and used by this thread alone. */
  @Benchmark
  public byte[] rawHmac() {
    return mac.doFinal(signedBytes);
  }

  private static void requireVerified(Verification verification) {
    if (!(verification instanceof Verification.Verified)) {
      throw new IllegalStateException("the token must be verified but was " + verification);
    }
  }

  private static JwtVerifier.Builder verifier() {
    return JwtVerifier.builder().issuer(ISSUER).audience(AUDIENCE).keys(keys());
  }

  private static KeySource keys() {
    return KeySource.of(SigningKey.hs256(SECRET));
  }

  private static Mac mac() {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(SECRET, "HmacSHA256"));
      return mac;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK must have HmacSHA256", e);
    }
  }
}
