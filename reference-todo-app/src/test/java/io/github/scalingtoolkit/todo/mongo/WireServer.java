package io.github.scalingtoolkit.todo.mongo;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import io.netty.channel.Channel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.bson.Document;
import org.h2.mvstore.MVStore;

/** A server on the MongoDB wire in this process, and a plain client to look into it. */
public final class WireServer implements AutoCloseable {
  private final MongoServer server = new MongoServer(new OneAtATime());
  private final MongoClient client;
  private final int port;

  private WireServer(int port) {
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    this.port = server.getLocalAddress().getPort();
    client = MongoClients.create(uri(this.port));
  }

  /** Starts one on a free port. */
  public static WireServer start() {
    return new WireServer(0);
  }

  static WireServer startOn(int port) {
    return new WireServer(port);
  }

  static String uri(int port) {
    return "mongodb://127.0.0.1:" + port + "/todoapp";
  }

  /** Returns its port. */
  public int port() {
    return port;
  }

  String uri() {
    return uri(port);
  }

  MongoCollection<Document> todos() {
    return client.getDatabase("todoapp").getCollection("todos");
  }

  @Override
  public void close() {
    client.close();
    server.shutdownNow();
  }

  /** The library adds an index without the lock under which it inserts: an insert at that moment fails. */
  private static final class OneAtATime extends H2Backend {
    OneAtATime() {
      super(MVStore.open(null));
    }

    @Override
    public synchronized de.bwaldvogel.mongo.bson.Document handleCommand(
        Channel channel, String database, String command, de.bwaldvogel.mongo.bson.Document query) {
      return super.handleCommand(channel, database, command, query);
    }
  }
}
