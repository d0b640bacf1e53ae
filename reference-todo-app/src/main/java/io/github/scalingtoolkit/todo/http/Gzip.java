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
      String[] parts = element.split(";", -1);
      switch (parts[0].strip().toLowerCase(Locale.ROOT)) {
        case "gzip", "x-gzip" -> gzip = HeaderLists.weight(parts);
        case "*" -> any = HeaderLists.weight(parts);
        case "identity" -> identity = HeaderLists.weight(parts);
        default -> {}
      }
    }
    double wanted = gzip >= 0 ? gzip : any;
    return wanted > 0 && wanted >= identity;
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
