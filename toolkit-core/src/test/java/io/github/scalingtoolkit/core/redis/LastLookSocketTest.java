package io.github.scalingtoolkit.core.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LastLookSocketTest {
  private static final int PATIENCE = 250;

  private ServerSocket listener;
  private Socket server;
  private Socket client;

  @BeforeEach
  void connect() throws IOException {
    listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    client = new StoodStill(listener.getInetAddress(), listener.getLocalPort());
    client.setSoTimeout(PATIENCE);
    server = listener.accept();
  }

  @AfterEach
  void disconnect() throws IOException {
    client.close();
    server.close();
    listener.close();
  }

  @Test
  void aReplyThatHadArrivedIsReadAlthoughTheReadWasGivenUp() throws IOException {
    server.getOutputStream().write("+OK".getBytes());
    byte[] reply = new byte[3];

    int read = new LastLookSocket(client).getInputStream().read(reply);

    assertThat(new String(reply, 0, read)).isEqualTo("+OK");
    assertThat(client.getSoTimeout()).isEqualTo(PATIENCE);
  }

  @Test
  void aReadTimesOutWhereNothingHasArrived() throws IOException {
    InputStream in = new LastLookSocket(client).getInputStream();

    assertThatThrownBy(() -> in.read(new byte[3])).isInstanceOf(SocketTimeoutException.class);
    assertThat(client.getSoTimeout()).isEqualTo(PATIENCE);
  }

  @Test
  void theEndOfTheStreamIsSeenByTheLastLookToo() throws IOException {
    server.close();

    assertThat(new LastLookSocket(client).getInputStream().read(new byte[3])).isEqualTo(-1);
  }

  /** Its first read is given up without a look, as if the process had stood still for as long as it may take. */
  private static final class StoodStill extends Socket {
    StoodStill(InetAddress address, int port) throws IOException {
      super(address, port);
    }

    @Override
    public InputStream getInputStream() throws IOException {
      return new FilterInputStream(super.getInputStream()) {
        private boolean gaveUp;

        @Override
        public int read(byte[] into, int from, int length) throws IOException {
          if (!gaveUp) {
            gaveUp = true;
            throw new SocketTimeoutException("Read timed out");
          }
          return super.read(into, from, length);
        }
      };
    }
  }
}
