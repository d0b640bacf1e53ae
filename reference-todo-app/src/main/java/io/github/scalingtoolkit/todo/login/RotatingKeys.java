package io.github.scalingtoolkit.todo.login;

import io.github.scalingtoolkit.auth.Algorithm;
import io.github.scalingtoolkit.auth.KeyRing;
import io.github.scalingtoolkit.auth.KeySet;
import io.github.scalingtoolkit.auth.KeySource;
import io.github.scalingtoolkit.auth.SigningKey;
import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.core.settings.RotatingSecret;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The key that signs tokens, and its successor once the secret's file changes.
 *
 * <p>Each process checks the file every {@link #LOOK_EVERY}. From then on a successor verifies; after {@link #SIGNS_AFTER} it signs, when
 * every process has seen it; and its predecessor verifies until the last token that it signed has expired. So no user has to
 * log in again, unless a process is started in that time: it has only the new secret.
 *
 * <p>Safe for use by several threads; {@link #current} never blocks.
 */
public final class RotatingKeys implements KeySource, AutoCloseable {
  static final Duration LOOK_EVERY = Duration.ofSeconds(10);
  static final Duration SIGNS_AFTER = Duration.ofSeconds(30);
  /** Clocks differ: a token may be used this long after its end. */
  private static final Duration MARGIN = Duration.ofMinutes(2);

  private static final Logger log = LoggerFactory.getLogger(RotatingKeys.class);

  private final Algorithm algorithm;
  private final RotatingSecret secret;
  private final Duration outlives;
  private final Clock clock;
  private final KeyRing ring;
  private final Loop loop;
  private final ReentrantLock looking = new ReentrantLock();
  private final List<Step> plan = new ArrayList<>();

  /** The time from which a key signs, or is no longer needed. */
  private record Step(long dueNanos, SigningKey key, boolean signs) {}

  RotatingKeys(Algorithm algorithm, RotatingSecret secret, Duration timeToLive, Clock clock) {
    this.algorithm = algorithm;
    this.secret = secret;
    this.clock = clock;
    outlives = timeToLive.plus(MARGIN);
    ring = KeyRing.of(SigningKey.of(algorithm, secret.current().reveal()));
    loop = new Loop("rotating-keys", () -> {
      look();
      return LOOK_EVERY;
    });
  }

  /** Starts to watch the secret's file in the background, if it has one. */
  public static RotatingKeys start(
      Algorithm algorithm, RotatingSecret secret, Duration timeToLive, Clock clock) {
    RotatingKeys keys = new RotatingKeys(algorithm, secret, timeToLive, clock);
    if (secret.file().isPresent()) {
      keys.loop.start();
    }
    return keys;
  }

  @Override
  public KeySet current() {
    return ring.current();
  }

  /** Checks the file once, and does the steps that are due. */
  void look() {
    looking.lock();
    try {
      if (secret.refresh()) {
        succeed();
      }
      for (Step step : List.copyOf(plan)) {
        if (clock.nanoTime() - step.dueNanos >= 0 && plan.remove(step)) {
          if (step.signs) {
            activate(step.key);
          } else {
            ring.remove(step.key.id());
            log.info("keys rotation=ended key={}", step.key.id());
          }
        }
      }
    } finally {
      looking.unlock();
    }
  }

  private void succeed() {
    SigningKey read;
    try {
      read = SigningKey.of(algorithm, secret.current().reveal());
    } catch (IllegalArgumentException unfit) {
      log.error("keys rotation=refused reason=\"{}\"", unfit.getMessage());
      return;
    }
    SigningKey known = ring.current().find(read.id());
    SigningKey next = known == null ? read : known;
    if (known == null) {
      ring.publish(read);
    }
    // The key that was about to sign has been succeeded before it did.
    plan.removeIf(step -> step.signs || step.key == next);
    plan.add(new Step(clock.nanoTime() + SIGNS_AFTER.toNanos(), next, true));
    log.info("keys rotation=seen key={} signs_in={}", next.id(), SIGNS_AFTER);
  }

  private void activate(SigningKey next) {
    ring.activate(next);
    log.info("keys rotation=signing key={}", next.id());
    for (SigningKey old : ring.current().keys()) {
      if (old != next && plan.stream().noneMatch(step -> step.key == old)) {
        plan.add(new Step(clock.nanoTime() + outlives.toNanos(), old, false));
      }
    }
  }

  @Override
  public void close() {
    loop.close();
  }
}
