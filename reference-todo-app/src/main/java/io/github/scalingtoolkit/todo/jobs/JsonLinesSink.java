package io.github.scalingtoolkit.todo.jobs;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.todo.stores.StoresException;
import java.io.ByteArrayOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Appends each notification to a file, one JSON object per line: {@code jobId, todoId, userId, deliveredAt}.
 *
 * <p>A line is written by one append, so that several processes may share the file. A process killed in the middle may
 * leave half a line; the next process to open the file ends that line, so that only this line, of a notification that will be
 * delivered again, cannot be read.
 */
public final class JsonLinesSink implements NotificationSink {
  private static final JsonFactory JSON = new JsonFactory();

  /** Not a channel: an interrupt of one delivery would close it for all. */
  private final FileOutputStream file;

  private final Clock clock;
  private final ReentrantLock lock = new ReentrantLock();

  /**
   * Opens {@code path}, and creates it if it is missing.
   *
   * @throws StoresException if it cannot be opened
   */
  public JsonLinesSink(Path path, Clock clock) {
    this.clock = clock;
    try {
      endTornLine(path);
      file = new FileOutputStream(path.toFile(), true);
    } catch (IOException e) {
      throw new StoresException(
          StoresException.Reason.NOT_WRITABLE,
          "cannot open " + path + " to append notifications to it ("
              + e.getClass().getSimpleName()
              + "); make it a file that can be written, or set DATA_DIR to another directory",
          e);
    }
  }

  @Override
  public void deliver(String jobId, Notification notification) throws IOException {
    byte[] line = line(jobId, notification);
    lock.lock();
    try {
      file.write(line);
    } catch (IOException partly) {
      // A full disk: the partial line must not merge with the next one.
      try {
        file.write('\n');
      } catch (IOException full) {
        partly.addSuppressed(full);
      }
      throw partly;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private byte[] line(String jobId, Notification notification) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(160);
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeStringField("jobId", jobId);
      json.writeStringField("todoId", notification.todoId());
      json.writeStringField("userId", notification.userId());
      json.writeStringField("deliveredAt", clock.now().toString());
      json.writeEndObject();
    }
    bytes.write('\n');
    return bytes.toByteArray();
  }

  private static void endTornLine(Path path) throws IOException {
    try (FileChannel existing = FileChannel.open(
        path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      long size = existing.size();
      ByteBuffer last = ByteBuffer.allocate(1);
      if (size > 0 && existing.read(last, size - 1) == 1 && last.get(0) != '\n') {
        existing.write(ByteBuffer.wrap(new byte[] {'\n'}), size);
      }
    }
  }
}
