package io.github.scalingtoolkit.auth;

import java.util.Objects;

/**
 * The purpose of a token, from its {@code typ} header. A verifier accepts one type, so that a token made for one purpose
 * is never accepted for another (RFC 8725 §3.11).
 *
 * <p>Compared as media types are: ignoring case, with or without {@code application/} before it.
 */
public final class TokenType {
  private static final String PREFIX = "application/";

  /** An access token by RFC 9068: {@code at+jwt}. */
  public static final TokenType ACCESS = of("at+jwt");

  private final String name;

  private TokenType(String name) {
    this.name = name;
  }

  /**
   * Returns the type of this name, such as {@code email-confirmation+jwt}.
   *
   * @throws IllegalArgumentException if {@code name} is not 1 to 64 characters of {@code a-z 0-9 . + -}
   */
  public static TokenType of(String name) {
    Objects.requireNonNull(name, "name");
    if (!name.matches("[a-z0-9.+-]{1,64}")) {
      throw new IllegalArgumentException(
          "name must be 1 to 64 characters of a-z 0-9 . + - but was \"" + name + "\"");
    }
    return new TokenType(name);
  }

  /** Returns the name, without {@code application/}. */
  public String name() {
    return name;
  }

  boolean matches(String typ) {
    if (typ.equals(name)) {
      return true;
    }
    // Folds ASCII only: Unicode case folding would take a dotless i or a Kelvin sign for a letter.
    char[] folded = typ.toCharArray();
    for (int i = 0; i < folded.length; i++) {
      if (folded[i] >= 'A' && folded[i] <= 'Z') {
        folded[i] += 'a' - 'A';
      }
    }
    String lower = new String(folded);
    return lower.equals(name) || lower.equals(PREFIX + name);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TokenType that && name.equals(that.name);
  }

  @Override
  public int hashCode() {
    return name.hashCode();
  }

  @Override
  public String toString() {
    return name;
  }
}
