package io.github.scalingtoolkit.todo.mongo;

import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import io.netty.channel.Channel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.h2.mvstore.MVStore;

/** A server on the MongoDB wire in this process that tells of each command before and after it, and before its reply is sent. */
public final class WatchedServer implements AutoCloseable {
  private final AtomicReference<Consumer<String>> watcher = new AtomicReference<>(step -> {});
  private final MongoServer server = new MongoServer(new H2Backend(MVStore.open(null)) {
    @Override
    public synchronized Document handleCommand(
        Channel channel, String database, String command, Document query) {
      String step = command + " " + query.get(command);
      watcher.get().accept("before " + step);
      Document reply = super.handleCommand(channel, database, command, query);
      watcher.get().accept("after " + step);
      return reply;
    }
  });

  /** Starts one on a free port. */
  public WatchedServer() {
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  /** Returns its port. */
  int port() {
    return server.getLocalAddress().getPort();
  }

  /** Returns its address. */
  public String uri() {
    return WireServer.uri(port());
  }

  /** From now on {@code watcher} is told of each command as {@code before insert todos} and {@code after insert todos}. */
  public void watch(Consumer<String> watcher) {
    this.watcher.set(watcher);
  }

  @Override
  public void close() {
    server.shutdownNow();
  }
}
