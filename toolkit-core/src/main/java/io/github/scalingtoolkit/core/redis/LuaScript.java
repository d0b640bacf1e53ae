package io.github.scalingtoolkit.core.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A script that runs inside Redis, known to the server by its SHA-1.
 *
 * <p>A script run by {@link RedisAccess#eval} must be retry-safe: running it twice with the same arguments leaves the
 * same state and an answer the caller can use, because the first answer may have been lost on its way.
 *
 * <p>Immutable and safe for use by several threads.
 */
public final class LuaScript {
  private final String name;
  private final byte[] text;
  private final byte[] sha1;

  private LuaScript(String name, byte[] text) {
    this.name = name;
    this.text = text;
    this.sha1 = sha1Of(text);
  }

  /**
   * Reads a script that lies beside the classes of the module that owns it.
   *
   * @param owner a class of that module
   * @param path absolute path of the resource, such as {@code "/META-INF/toolkit/cache/lua/fill.lua"}
   * @throws IllegalArgumentException if there is no such resource
   */
  public static LuaScript fromResource(Class<?> owner, String path) {
    try (InputStream in = owner.getResourceAsStream(path)) {
      if (in == null) {
        throw new IllegalArgumentException("no script at " + path + " beside " + owner.getName());
      }
      return new LuaScript(path.substring(path.lastIndexOf('/') + 1), in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the script at " + path, e);
    }
  }

  /** Makes a script of {@code text}, called {@code name} in messages. */
  public static LuaScript of(String name, String text) {
    return new LuaScript(name, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Returns the name that messages use: the file's name, for a resource. */
  public String name() {
    return name;
  }

  /** Returns the source. */
  public String text() {
    return new String(text, StandardCharsets.UTF_8);
  }

  /** Returns the SHA-1 of the source in lower-case hex, by which EVALSHA knows it. */
  public String sha1() {
    return new String(sha1, StandardCharsets.US_ASCII);
  }

  byte[] textBytes() {
    return text;
  }

  byte[] sha1Bytes() {
    return sha1;
  }

  private static byte[] sha1Of(byte[] text) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-1").digest(text))
          .getBytes(StandardCharsets.US_ASCII);
    } catch (NoSuchAlgorithmException e) {
      throw new LinkageError("every Java platform has SHA-1", e);
    }
  }

  @Override
  public String toString() {
    return name + "@" + sha1();
  }
}
