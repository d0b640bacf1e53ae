package io.github.scalingtoolkit.benchmarks.scale;

import io.undertow.Undertow;
import io.undertow.server.DefaultByteBufferPool;
import io.undertow.util.HttpString;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The floor: Undertow with nothing in it, which writes the same bytes as the service, headers and body, whatever is
 * asked. Its arguments are the port and, for each path, the file that holds them.
 */
public final class FloorMain {
  private FloorMain() {}

  private record Ready(Map<HttpString, String> headers, ByteBuffer body) {}

  /** Runs until it is ended. */
  public static void main(String[] args) throws IOException {
    Map<String, Ready> answers = new LinkedHashMap<>();
    for (int i = 1; i < args.length; i += 2) {
      answers.put(args[i], read(Path.of(args[i + 1])));
    }
    Undertow undertow = Undertow.builder()
        .addHttpListener(Integer.parseInt(args[0]), "127.0.0.1")
        .setByteBufferPool(new DefaultByteBufferPool(true, 16 * 1024 - 20, 1000, 0))
        .setIoThreads(Math.max(2, Runtime.getRuntime().availableProcessors()))
        .setHandler(exchange -> {
          Ready ready = answers.get(exchange.getRequestPath());
          if (ready == null) {
            exchange.setStatusCode(404).endExchange();
            return;
          }
          ready.headers().forEach((name, value) -> exchange.getResponseHeaders().put(name, value));
          exchange.setResponseContentLength(ready.body().remaining());
          exchange.getResponseSender().send(ready.body().duplicate());
        })
        .build();
    undertow.start();
    System.out.println("listening on "
        + ((InetSocketAddress) undertow.getListenerInfo().get(0).getAddress()).getPort());
  }

  private static Ready read(Path file) throws IOException {
    String text = Files.readString(file);
    int blank = text.indexOf("\n\n");
    Map<HttpString, String> headers = new LinkedHashMap<>();
    for (String line : text.substring(0, blank).split("\n")) {
      int colon = line.indexOf(": ");
      headers.put(new HttpString(line.substring(0, colon)), line.substring(colon + 2));
    }
    byte[] body = text.substring(blank + 2).getBytes(StandardCharsets.UTF_8);
    ByteBuffer direct = ByteBuffer.allocateDirect(body.length).put(body).flip();
    return new Ready(headers, direct);
  }
}
