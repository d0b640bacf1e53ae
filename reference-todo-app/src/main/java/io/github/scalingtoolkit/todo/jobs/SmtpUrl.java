package io.github.scalingtoolkit.todo.jobs;

import io.github.scalingtoolkit.core.settings.Secret;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.InternetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The address of a mail server: {@code smtp[s]://[user:password@]host[:port][?from=address&to=address]}, percent-encoded.
 *
 * @param tls whether the connection is encrypted from its first byte; if not, STARTTLS is used where it is offered
 * @param host the mail server
 * @param port its port: 25 unless named, 465 with TLS
 * @param user the user name, or null for no authentication
 * @param password the user's password
 * @param from the sender: {@code todo@localhost} unless named
 * @param to the receiver: {@code notifications@localhost} unless named
 */
public record SmtpUrl(
    boolean tls,
    String host,
    int port,
    @Nullable String user,
    @Nullable Secret password,
    String from,
    String to) {

  /**
   * Reads a URL.
   *
   * @throws IllegalArgumentException if it has another form; the message shows no password
   */
  public static SmtpUrl parse(String text) {
    URI uri;
    try {
      uri = new URI(text);
    } catch (URISyntaxException e) {
      throw wrong("it is not a URL");
    }
    boolean tls = "smtps".equals(uri.getScheme());
    if (!tls && !"smtp".equals(uri.getScheme())) {
      throw wrong("it must start with smtp:// or smtps://");
    }
    if (uri.getHost() == null) {
      throw wrong("it has no host");
    }
    String user = null;
    Secret password = null;
    if (uri.getRawUserInfo() != null) {
      String[] parts = uri.getRawUserInfo().split(":", 2);
      user = decode(parts[0]);
      password = Secret.of(parts.length == 2 ? decode(parts[1]) : "");
    }
    String from = "todo@localhost";
    String to = "notifications@localhost";
    for (String pair :
        uri.getRawQuery() == null ? new String[0] : uri.getRawQuery().split("&")) {
      String[] parts = pair.split("=", 2);
      String value = parts.length == 2 ? decode(parts[1]) : "";
      switch (parts[0]) {
        case "from" -> from = address(value);
        case "to" -> to = address(value);
        default -> throw wrong("it has an unknown part '" + parts[0] + "'; known are from and to");
      }
    }
    return new SmtpUrl(
        tls,
        uri.getHost(),
        uri.getPort() >= 0 ? uri.getPort() : tls ? 465 : 25,
        user,
        password,
        from,
        to);
  }

  private static String address(String text) {
    try {
      new InternetAddress(text, true).validate();
      return text;
    } catch (AddressException e) {
      throw wrong("'" + text + "' is not a mail address");
    }
  }

  private static String decode(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  private static IllegalArgumentException wrong(String why) {
    return new IllegalArgumentException("SMTP URL cannot be used: " + why
        + ". It must look like smtp://user:password@host:port?from=a@b.c&to=d@e.f");
  }

  /** Shows neither user nor password. */
  @Override
  public String toString() {
    return (tls ? "smtps" : "smtp") + "://" + (user == null ? "" : "***@") + host + ":" + port;
  }
}
