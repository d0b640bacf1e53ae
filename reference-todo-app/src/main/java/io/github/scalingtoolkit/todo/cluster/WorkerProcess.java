package io.github.scalingtoolkit.todo.cluster;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A worker's process: its ports, once announced, and whether it was ready at the last probe. */
final class WorkerProcess {
  private static final Logger log = LoggerFactory.getLogger(WorkerProcess.class);

  private final int number;
  private final Process process;
  private volatile @Nullable URI address;
  private volatile @Nullable URI adminAddress;
  private volatile boolean ready;
  private volatile boolean degraded;
  /** When it first failed to answer after its last answer; 0 while it answers. */
  private volatile long silentSince;

  WorkerProcess(int number, Process process) {
    this.number = number;
    this.process = process;
    Thread reader = new Thread(this::relay, "worker-" + number + "-output");
    reader.setDaemon(true);
    reader.start();
  }

  int number() {
    return number;
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  int exitCode() {
    return process.exitValue();
  }

  /** Returns where it serves; empty until it does. */
  Optional<URI> address() {
    return Optional.ofNullable(address);
  }

  /** Returns where its admin port is; empty until it serves. */
  Optional<URI> adminAddress() {
    return Optional.ofNullable(adminAddress);
  }

  /** Tells whether it was ready at the last probe. */
  boolean isReady() {
    return ready && process.isAlive();
  }

  /** Tells whether it serves without one of its stores. */
  boolean isDegraded() {
    return degraded;
  }

  void answered(boolean ready, boolean degraded) {
    silentSince = 0;
    this.ready = ready;
    this.degraded = degraded;
  }

  void didNotAnswer(long now) {
    if (silentSince == 0) {
      silentSince = now;
    }
    ready = false;
  }

  /** Tells whether it has not answered for so long that it counts as hanging. */
  boolean hangsAt(long now, Duration longest) {
    long since = silentSince;
    return since != 0 && now - since > longest.toNanos();
  }

  /**
   * Asks it to end in order: SIGTERM. Not by {@link Process#destroy}, which closes the pipes as well: it would take the
   * end of its input for the end of its supervisor, and its last lines would be lost.
   */
  void terminate() {
    process.toHandle().destroy();
  }

  void kill() {
    process.destroyForcibly();
  }

  /** Waits for its end, for that long at most, and then kills it. */
  void awaitEnd(Duration longest) {
    try {
      if (!process.waitFor(longest.toMillis(), TimeUnit.MILLISECONDS)) {
        log.warn("worker={} pid={} end=forced after={}", number, pid(), longest);
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /** Passes its lines on, except the announcement to us. */
  private void relay() {
    try (BufferedReader lines = new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(WorkerLink.ANNOUNCEMENT)) {
          String[] ports = line.substring(WorkerLink.ANNOUNCEMENT.length()).split(" ");
          adminAddress = URI.create("http://127.0.0.1:" + Integer.parseInt(ports[1]));
          address = URI.create("http://127.0.0.1:" + Integer.parseInt(ports[0]));
        } else {
          System.out.println(line);
        }
      }
    } catch (IOException ended) {
      log.debug("worker={} output=ended", number);
    }
  }
}
