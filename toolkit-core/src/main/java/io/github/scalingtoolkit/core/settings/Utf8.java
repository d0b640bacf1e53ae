package io.github.scalingtoolkit.core.settings;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads small files strictly as UTF-8. */
final class Utf8 {
  private Utf8() {}

  /**
   * Returns the content of {@code file}, a byte order mark included.
   *
   * @throws SettingsException if it is larger than {@code mostBytes} or not UTF-8; the message names file and line
   * @throws IOException if it cannot be read
   */
  static String read(Path file, int mostBytes) throws IOException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(mostBytes + 1);
    }
    if (bytes.length > mostBytes) {
      throw new SettingsException(file + " is larger than " + mostBytes + " bytes");
    }
    return decode(file, bytes);
  }

  /** Says why a file cannot be read. */
  static SettingsException unreadable(Path file, IOException failure) {
    if (failure instanceof NoSuchFileException) {
      return new SettingsException(file + " cannot be read: there is no such file");
    }
    if (Files.isDirectory(file)) {
      return new SettingsException(
          file
              + " cannot be read: it is a directory, as a container makes one for a file that is not there to mount");
    }
    return new SettingsException(file + " cannot be read: "
        + (failure instanceof AccessDeniedException
            ? "this process has no right to"
            : failure.getClass().getSimpleName()));
  }

  private static String decode(Path file, byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    CoderResult result = StandardCharsets.UTF_8.newDecoder().decode(in, out, true);
    if (result.isError()) {
      throw new SettingsException(
          file + " line " + lineAt(bytes, in.position()) + " is not UTF-8 text: save the file as "
              + (isUtf16(bytes) ? "UTF-8 (it is UTF-16)" : "UTF-8"));
    }
    return out.flip().toString();
  }

  private static boolean isUtf16(byte[] bytes) {
    return bytes.length >= 2
        && (bytes[0] == (byte) 0xFF && bytes[1] == (byte) 0xFE
            || bytes[0] == (byte) 0xFE && bytes[1] == (byte) 0xFF);
  }

  private static int lineAt(byte[] bytes, int position) {
    int line = 1;
    for (int i = 0; i < position; i++) {
      if (bytes[i] == '\n') {
        line++;
      }
    }
    return line;
  }
}
