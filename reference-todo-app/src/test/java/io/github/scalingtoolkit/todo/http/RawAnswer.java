package io.github.scalingtoolkit.todo.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;

/** What comes on a socket until it ends, read by a thread of its own. */
public final class RawAnswer {
  private RawAnswer() {}

  /** Starts to read; what is read is there once the other side has closed. */
  public static CompletableFuture<String> on(Socket socket) {
    CompletableFuture<String> answer = new CompletableFuture<>();
    Thread reader = new Thread(
        () -> {
          try {
            answer.complete(new String(socket.getInputStream().readAllBytes(), ISO_8859_1));
          } catch (IOException gone) {
            answer.completeExceptionally(gone);
          }
        },
        "answer");
    reader.setDaemon(true);
    reader.start();
    return answer;
  }
}
