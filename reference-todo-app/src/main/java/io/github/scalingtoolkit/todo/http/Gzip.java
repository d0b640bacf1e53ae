package io.github.scalingtoolkit.todo.http;

import io.undertow.util.HeaderValues;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/** Compresses answers for clients that ask for it: whole bodies, so that GET and HEAD know their length. */
final class Gzip {
  private Gzip() {}

  /** Tells whether {@code Accept-Encoding} prefers gzip to no coding, or accepts it as well. */
  static boolean isAccepted(@Nullable HeaderValues acceptEncoding) {
    if (acceptEncoding == null) {
      return false;
    }
    double gzip = -1;
    double any = -1;
    double identity = -1;
    for (String element : HeaderLists.elements(acceptEncoding)) {
      String[] parts = element.split(";");
      switch (parts[0].strip().toLowerCase(Locale.ROOT)) {
        case "gzip", "x-gzip" -> gzip = weight(parts);
        case "*" -> any = weight(parts);
        case "identity" -> identity = weight(parts);
        default -> {}
      }
    }
    double wanted = gzip >= 0 ? gzip : any;
    return wanted > 0 && wanted >= identity;
  }

  private static double weight(String[] parts) {
    for (int i = 1; i < parts.length; i++) {
      String parameter = parts[i].strip().toLowerCase(Locale.ROOT);
      if (parameter.startsWith("q=")) {
        try {
          return Math.min(1, Math.max(0, Double.parseDouble(parameter.substring(2))));
        } catch (NumberFormatException malformed) {
          return 0;
        }
      }
    }
    return 1;
  }

  static byte[] encode(byte[] plain) {
    ByteArrayOutputStream encoded = new ByteArrayOutputStream(plain.length / 4 + 64);
    try (GZIPOutputStream gzip = new GZIPOutputStream(encoded, 8192)) {
      gzip.write(plain);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return encoded.toByteArray();
  }
}
