package io.github.scalingtoolkit.todo.embedded;

import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.todo.stores.PrivateFiles;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Properties;

/** A Redis' port and password. Written to a file before it starts, so that the next process finds it. */
record RedisEndpoint(int port, Secret password) {
  private static final String FILE = "endpoint.properties";
  private static final int PASSWORD_BYTES = 32;

  /** Returns one with a new password. */
  static RedisEndpoint at(int port) {
    byte[] random = new byte[PASSWORD_BYTES];
    new SecureRandom().nextBytes(random);
    return new RedisEndpoint(port, Secret.of(HexFormat.of().formatHex(random)));
  }

  /** Returns the endpoint that an earlier process wrote, or empty if there is none that can be read. */
  static Optional<RedisEndpoint> read(Path directory) throws IOException {
    Path file = directory.resolve(FILE);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    Properties properties = new Properties();
    try {
      properties.load(new StringReader(Files.readString(file)));
      int port = Integer.parseInt(properties.getProperty("port", ""));
      String password = properties.getProperty("password", "");
      return Optional.of(new RedisEndpoint(port, Secret.of(password)));
    } catch (IllegalArgumentException edited) {
      return Optional.empty();
    }
  }

  void write(Path directory) throws IOException {
    PrivateFiles.write(
        directory.resolve(FILE), "port=" + port + "\npassword=" + password.reveal() + "\n");
  }

  static void forget(Path directory) throws IOException {
    Files.deleteIfExists(directory.resolve(FILE));
  }

  /** Returns {@code redis://:password@127.0.0.1:port}. */
  String url() {
    return "redis://:" + password.reveal() + "@127.0.0.1:" + port;
  }
}
