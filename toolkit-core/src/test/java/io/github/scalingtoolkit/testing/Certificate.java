package io.github.scalingtoolkit.testing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A certificate that vouches for itself, made by the JDK's keytool: for a server, and for clients who trust it alone. */
public final class Certificate {
  private static final char[] PASSWORD = "changeit".toCharArray();

  private final Path pem;
  private final Path key;
  private final SSLContext context;

  private Certificate(Path pem, Path key, SSLContext context) {
    this.pem = pem;
    this.key = key;
    this.context = context;
  }

  /** Makes one for an IP address, with its files in {@code directory}. */
  public static Certificate makeFor(String address, Path directory) {
    try {
      Path store = directory.resolve("certificate.p12");
      Process keytool = new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
              "-genkeypair",
              "-alias",
              "test",
              "-keyalg",
              "EC",
              "-groupname",
              "secp256r1",
              "-dname",
              "CN=test",
              "-ext",
              "san=ip:" + address,
              "-validity",
              "2",
              "-storetype",
              "PKCS12",
              "-keystore",
              store.toString(),
              "-storepass",
              new String(PASSWORD))
          .redirectErrorStream(true)
          .redirectOutput(directory.resolve("keytool.log").toFile())
          .start();
      if (keytool.waitFor() != 0) {
        throw new IllegalStateException("keytool ended with " + keytool.exitValue());
      }
      KeyStore keys = KeyStore.getInstance("PKCS12");
      try (InputStream in = Files.newInputStream(store)) {
        keys.load(in, PASSWORD);
      }
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      trusted.setCertificateEntry("test", keys.getCertificate("test"));
      return new Certificate(
          pem(directory, "CERTIFICATE", keys.getCertificate("test").getEncoded()),
          pem(directory, "PRIVATE KEY", keys.getKey("test", PASSWORD).getEncoded()),
          context(keys, trusted));
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException("no certificate could be made", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while keytool runs", e);
    }
  }

  /** Returns the file of the certificate, as servers read it. */
  public Path pem() {
    return pem;
  }

  /** Returns the file of its key. */
  public Path key() {
    return key;
  }

  /** Returns what a client needs who shows this certificate, and trusts it and no other. */
  public SSLContext context() {
    return context;
  }

  private static SSLContext context(KeyStore keys, KeyStore trusted)
      throws GeneralSecurityException {
    KeyManagerFactory shows =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    shows.init(keys, PASSWORD);
    TrustManagerFactory trusts =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trusts.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(shows.getKeyManagers(), trusts.getTrustManagers(), null);
    return context;
  }

  private static Path pem(Path directory, String what, byte[] der) throws IOException {
    String lines =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(der);
    return Files.writeString(
        directory.resolve(what.replace(' ', '-') + ".pem"),
        "-----BEGIN " + what + "-----\n" + lines + "\n-----END " + what + "-----\n");
  }
}
