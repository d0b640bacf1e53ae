package io.github.scalingtoolkit.todo.cluster;

import io.github.scalingtoolkit.todo.http.AnswerTime;
import io.undertow.client.ClientCallback;
import io.undertow.client.ClientConnection;
import io.undertow.client.ClientExchange;
import io.undertow.client.ClientRequest;
import io.undertow.client.ClientResponse;
import io.undertow.client.ClientStatistics;
import io.undertow.client.ContinueNotification;
import io.undertow.client.PushCallback;
import io.undertow.connector.ByteBufferPool;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.proxy.ProxyCallback;
import io.undertow.server.handlers.proxy.ProxyConnection;
import io.undertow.util.AbstractAttachable;
import io.undertow.util.AttachmentKey;
import io.undertow.util.StatusCodes;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.xnio.ChannelListener;
import org.xnio.IoUtils;
import org.xnio.Option;
import org.xnio.StreamConnection;
import org.xnio.XnioIoThread;
import org.xnio.XnioWorker;
import org.xnio.channels.StreamSinkChannel;
import org.xnio.channels.StreamSourceChannel;

/**
 * Keeps a worker's 503 from the client, once for each request, and has the request sent again as if the connection had failed:
 * Undertow's proxy copies an answer to the client before anybody else sees it, so the connection that it is given must look.
 * The second worker is told that it is the second, and how much time is left, so that the client waits for both no longer than
 * for one.
 */
final class AskAnother implements ProxyCallback<ProxyConnection> {
  private static final AttachmentKey<Boolean> ASKED = AttachmentKey.create(Boolean.class);

  private static final AttachmentKey<Long> FIRST_ASKED = AttachmentKey.create(Long.class);

  private final ProxyCallback<ProxyConnection> callback;

  /** Passes everything on to {@code callback} but a 503; the time of {@code exchange} begins with the first worker. */
  AskAnother(HttpServerExchange exchange, ProxyCallback<ProxyConnection> callback) {
    this.callback = callback;
    if (exchange.getAttachment(FIRST_ASKED) == null) {
      exchange.putAttachment(FIRST_ASKED, System.nanoTime());
    }
  }

  private static Duration sinceFirstAsked(HttpServerExchange exchange) {
    return Duration.ofNanos(System.nanoTime() - exchange.getAttachment(FIRST_ASKED));
  }

  /** Tells whether no 503 to {@code exchange} has been kept back yet. */
  static boolean isNew(HttpServerExchange exchange) {
    return exchange.getAttachment(ASKED) == null;
  }

  @Override
  public void completed(HttpServerExchange exchange, ProxyConnection connection) {
    ClientConnection looking = new Looking(connection.getConnection(), exchange);
    callback.completed(exchange, new ProxyConnection(looking, connection.getTargetPath()));
  }

  @Override
  public void failed(HttpServerExchange exchange) {
    callback.failed(exchange);
  }

  @Override
  public void couldNotResolveBackend(HttpServerExchange exchange) {
    callback.couldNotResolveBackend(exchange);
  }

  @Override
  public void queuedRequestFailed(HttpServerExchange exchange) {
    callback.queuedRequestFailed(exchange);
  }

  /** The connection as it is, except for the answer's listener. */
  private final class Looking implements ClientConnection {
    private final ClientConnection connection;
    private final HttpServerExchange exchange;

    Looking(ClientConnection connection, HttpServerExchange exchange) {
      this.connection = connection;
      this.exchange = exchange;
    }

    @Override
    public void sendRequest(ClientRequest request, ClientCallback<ClientExchange> sent) {
      connection.sendRequest(request, new ClientCallback<>() {
        @Override
        public void completed(ClientExchange asked) {
          sent.completed(new Looked(asked, exchange));
        }

        @Override
        public void failed(IOException cause) {
          sent.failed(cause);
        }
      });
    }

    @Override
    public StreamConnection performUpgrade() throws IOException {
      return connection.performUpgrade();
    }

    @Override
    public ByteBufferPool getBufferPool() {
      return connection.getBufferPool();
    }

    @Override
    public SocketAddress getPeerAddress() {
      return connection.getPeerAddress();
    }

    @Override
    public <A extends SocketAddress> A getPeerAddress(Class<A> type) {
      return connection.getPeerAddress(type);
    }

    @Override
    public ChannelListener.Setter<? extends ClientConnection> getCloseSetter() {
      return connection.getCloseSetter();
    }

    @Override
    public SocketAddress getLocalAddress() {
      return connection.getLocalAddress();
    }

    @Override
    public <A extends SocketAddress> A getLocalAddress(Class<A> type) {
      return connection.getLocalAddress(type);
    }

    @Override
    public XnioWorker getWorker() {
      return connection.getWorker();
    }

    @Override
    public XnioIoThread getIoThread() {
      return connection.getIoThread();
    }

    @Override
    public boolean isOpen() {
      return connection.isOpen();
    }

    @Override
    public void close() throws IOException {
      connection.close();
    }

    @Override
    public boolean supportsOption(Option<?> option) {
      return connection.supportsOption(option);
    }

    @Override
    public <T> T getOption(Option<T> option) throws IOException {
      return connection.getOption(option);
    }

    @Override
    public <T> T setOption(Option<T> option, T value) throws IOException {
      return connection.setOption(option, value);
    }

    @Override
    public boolean isUpgraded() {
      return connection.isUpgraded();
    }

    @Override
    public boolean isPushSupported() {
      return connection.isPushSupported();
    }

    @Override
    public boolean isMultiplexingSupported() {
      return connection.isMultiplexingSupported();
    }

    @Override
    public ClientStatistics getStatistics() {
      return connection.getStatistics();
    }

    @Override
    public boolean isUpgradeSupported() {
      return connection.isUpgradeSupported();
    }

    @Override
    public void addCloseListener(ChannelListener<ClientConnection> listener) {
      connection.addCloseListener(listener);
    }
  }

  /** A request on its way, whose answer is looked at before it is told. */
  private final class Looked extends AbstractAttachable implements ClientExchange {
    private final ClientExchange asked;
    private final HttpServerExchange exchange;

    Looked(ClientExchange asked, HttpServerExchange exchange) {
      this.asked = asked;
      this.exchange = exchange;
    }

    @Override
    public void setResponseListener(ClientCallback<ClientExchange> answered) {
      asked.setResponseListener(new ClientCallback<>() {
        private boolean keptBack;

        @Override
        public void completed(ClientExchange answer) {
          if (answer.getResponse().getResponseCode() == StatusCodes.SERVICE_UNAVAILABLE
              && exchange.putAttachment(ASKED, true) == null) {
            keptBack = true;
            AnswerTime.askAgain(exchange, sinceFirstAsked(exchange));
            if (!isReadToItsEnd(answer.getResponseChannel())) {
              // It can carry no other request.
              IoUtils.safeClose(answer.getConnection());
            }
            callback.failed(exchange);
          } else {
            answered.completed(Looked.this);
          }
        }

        @Override
        public void failed(IOException cause) {
          if (!keptBack) {
            answered.failed(cause);
          }
        }
      });
    }

    /** Reads what has arrived: mostly all, and then the connection is as good as before. */
    private boolean isReadToItsEnd(StreamSourceChannel body) {
      ByteBuffer unwanted = ByteBuffer.allocate(4096);
      try {
        int read = body.read(unwanted);
        while (read > 0) {
          unwanted.clear();
          read = body.read(unwanted);
        }
        return read < 0;
      } catch (IOException broken) {
        return false;
      }
    }

    @Override
    public void setContinueHandler(ContinueNotification handler) {
      asked.setContinueHandler(handler);
    }

    @Override
    public void setPushHandler(PushCallback handler) {
      asked.setPushHandler(handler);
    }

    @Override
    public StreamSinkChannel getRequestChannel() {
      return asked.getRequestChannel();
    }

    @Override
    public StreamSourceChannel getResponseChannel() {
      return asked.getResponseChannel();
    }

    @Override
    public ClientRequest getRequest() {
      return asked.getRequest();
    }

    @Override
    public ClientResponse getResponse() {
      return asked.getResponse();
    }

    @Override
    public ClientResponse getContinueResponse() {
      return asked.getContinueResponse();
    }

    @Override
    public ClientConnection getConnection() {
      return asked.getConnection();
    }
  }
}
