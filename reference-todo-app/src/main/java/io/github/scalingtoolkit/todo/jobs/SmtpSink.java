package io.github.scalingtoolkit.todo.jobs;

import jakarta.mail.Authenticator;
import jakarta.mail.MessagingException;
import jakarta.mail.PasswordAuthentication;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Date;
import java.util.Properties;
import java.util.concurrent.Semaphore;

/**
 * Sends each notification to a mail server, on its own connection, at most four at a time.
 *
 * <p>The Message-ID is derived from the job's id and so the same at each try: most mail servers and readers show a second
 * delivery only once. Connecting and each answer may take 5 s.
 */
public final class SmtpSink implements NotificationSink {
  private static final String TIMEOUT_MILLIS =
      Long.toString(Duration.ofSeconds(5).toMillis());

  private final SmtpUrl url;
  private final Session session;
  private final Semaphore connections = new Semaphore(4, true);

  /** Sends to {@code url}. Connects only when there is something to deliver. */
  public SmtpSink(SmtpUrl url) {
    this.url = url;
    String protocol = url.tls() ? "smtps" : "smtp";
    Properties properties = new Properties();
    properties.setProperty("mail.transport.protocol", protocol);
    properties.setProperty("mail." + protocol + ".host", url.host());
    properties.setProperty("mail." + protocol + ".port", Integer.toString(url.port()));
    properties.setProperty("mail." + protocol + ".connectiontimeout", TIMEOUT_MILLIS);
    properties.setProperty("mail." + protocol + ".timeout", TIMEOUT_MILLIS);
    properties.setProperty("mail." + protocol + ".writetimeout", TIMEOUT_MILLIS);
    properties.setProperty("mail." + protocol + ".auth", Boolean.toString(url.user() != null));
    properties.setProperty("mail." + protocol + ".ssl.checkserveridentity", "true");
    properties.setProperty("mail.smtp.starttls.enable", "true");
    session = Session.getInstance(properties, authenticator(url));
  }

  @Override
  public void deliver(String jobId, Notification notification) throws IOException {
    try {
      connections.acquire();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for a connection to " + url, e);
    }
    try {
      Transport.send(message(jobId, notification));
    } catch (MessagingException e) {
      // The mail server's text may name the receiver: the cause's class is enough.
      throw new IOException(
          "mail was not accepted by " + url + ": " + e.getClass().getSimpleName(), e);
    } finally {
      connections.release();
    }
  }

  @Override
  public void close() {
    // Each delivery closes its own connection.
  }

  private MimeMessage message(String jobId, Notification notification) throws MessagingException {
    MimeMessage message = new MimeMessage(session) {
      @Override
      protected void updateMessageID() throws MessagingException {
        setHeader("Message-ID", "<" + jobId + "@todo-api>");
      }
    };
    message.setFrom(new InternetAddress(url.from()));
    message.setRecipient(MimeMessage.RecipientType.TO, new InternetAddress(url.to()));
    message.setSubject("New todo", StandardCharsets.UTF_8.name());
    message.setSentDate(new Date());
    message.setText(
        "User " + notification.userId() + " created todo " + notification.todoId() + ".\n",
        StandardCharsets.UTF_8.name());
    return message;
  }

  private static Authenticator authenticator(SmtpUrl url) {
    return new Authenticator() {
      @Override
      protected PasswordAuthentication getPasswordAuthentication() {
        return new PasswordAuthentication(
            url.user(), url.password() == null ? "" : url.password().reveal());
      }
    };
  }
}
