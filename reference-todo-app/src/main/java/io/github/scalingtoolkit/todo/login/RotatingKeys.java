package io.github.scalingtoolkit.todo.login;

import io.github.scalingtoolkit.auth.Algorithm;
import io.github.scalingtoolkit.auth.KeySet;
import io.github.scalingtoolkit.auth.KeySource;
import io.github.scalingtoolkit.auth.SigningKey;
import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.core.settings.RotatingSecret;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys of {@code JWT_SECRET}, as its text has them: the first signs, all verify.
 *
 * <p>If the text is in a file, the file is read again every {@link #LOOK_EVERY}, and what it says is in force from then on:
 * no timer decides. A rotation is three changes of the text, each once the one before has reached every process: the new
 * secret below the old one, so that all verify it; the two swapped, so that it signs; the old one gone, when its last token
 * has expired. {@link #ids} and a gauge tell which keys a process has.
 *
 * <p>Safe for use by several threads; {@link #current} never blocks.
 */
public final class RotatingKeys implements KeySource, AutoCloseable {
  static final Duration LOOK_EVERY = Duration.ofSeconds(10);

  private static final Logger log = LoggerFactory.getLogger(RotatingKeys.class);

  private final Algorithm algorithm;
  private final String issuer;
  private final RotatingSecret secret;
  private final Loop loop;
  private final ReentrantLock looking = new ReentrantLock();
  private volatile KeySet current;
  private @Nullable MultiGauge gauge;

  RotatingKeys(Algorithm algorithm, String issuer, RotatingSecret secret) {
    this.algorithm = algorithm;
    this.issuer = issuer;
    this.secret = secret;
    List<SigningKey> keys = SigningKeys.read(algorithm, issuer, secret.current());
    current = KeySet.of(1, keys.get(0), keys.subList(1, keys.size()));
    loop = new Loop("rotating-keys", () -> {
      look();
      return LOOK_EVERY;
    });
  }

  /**
   * Starts to watch the secret's file in the background, if it has one.
   *
   * @throws IllegalArgumentException if the secret's text is not as {@link SigningKeys#read} takes it
   */
  public static RotatingKeys start(Algorithm algorithm, String issuer, RotatingSecret secret) {
    RotatingKeys keys = new RotatingKeys(algorithm, issuer, secret);
    if (secret.file().isPresent()) {
      keys.loop.start();
    }
    return keys;
  }

  @Override
  public KeySet current() {
    return current;
  }

  /** Returns the ids of the keys in force, the one that signs first. */
  public List<String> ids() {
    return current.keys().stream().map(SigningKey::id).toList();
  }

  /** Registers a gauge, 1 for each key in force: {@code toolkit.todo.keys{key, use=signs|verifies}}. */
  public void bindTo(MeterRegistry registry) {
    looking.lock();
    try {
      gauge = MultiGauge.builder("toolkit.todo.keys")
          .description("Keys of tokens in force, by id: one signs, all verify")
          .register(registry);
      show();
    } finally {
      looking.unlock();
    }
  }

  /** Reads the file once, and puts what it says in force. */
  void look() {
    looking.lock();
    try {
      if (secret.refresh()) {
        change();
      }
    } finally {
      looking.unlock();
    }
  }

  private void change() {
    List<SigningKey> keys = new ArrayList<>();
    try {
      for (SigningKey read : SigningKeys.read(algorithm, issuer, secret.current())) {
        SigningKey known = current.find(read.id());
        keys.add(known == null ? read : known);
      }
    } catch (IllegalArgumentException unfit) {
      log.error(
          "keys change=refused problem=\"JWT_SECRET {}\" action=\"the keys before stay in force;"
              + " mend the file\"",
          unfit.getMessage());
      return;
    }
    current = KeySet.of(current.generation() + 1, keys.get(0), keys.subList(1, keys.size()));
    show();
    List<String> ids = ids();
    log.info("keys change=done signs={} verify={}", ids.get(0), ids);
  }

  private void show() {
    MultiGauge shown = gauge;
    if (shown != null) {
      List<Row<?>> rows = new ArrayList<>();
      for (String id : ids()) {
        String use = id.equals(current.active().id()) ? "signs" : "verifies";
        rows.add(Row.of(Tags.of("key", id, "use", use), 1));
      }
      shown.register(rows, true);
    }
  }

  @Override
  public void close() {
    loop.close();
  }
}
