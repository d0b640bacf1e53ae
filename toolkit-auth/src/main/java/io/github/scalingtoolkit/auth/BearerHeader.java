package io.github.scalingtoolkit.auth;

import org.jspecify.annotations.Nullable;

/** Reads the value of an {@code Authorization} header. */
final class BearerHeader {
  static final BearerToken MISSING = new BearerToken.Missing();
  static final BearerToken MALFORMED = new BearerToken.Malformed();
  private static final String SCHEME = "bearer";
  private static final boolean[] TOKEN_CHARACTERS = tokenCharacters();

  private BearerHeader() {}

  static BearerToken read(@Nullable String header) {
    if (header == null || !hasScheme(header)) {
      return MISSING;
    }
    int from = SCHEME.length();
    while (from < header.length() && header.charAt(from) == ' ') {
      from++;
    }
    if (from == header.length()) {
      return MISSING;
    }
    if (from == SCHEME.length()) {
      // "BearerX ..." is another scheme; "Bearer<tab>..." and the like are ours, and wrong.
      return isTokenCharacter(header.charAt(from)) ? MISSING : MALFORMED;
    }
    String token = header.substring(from);
    return isToken(token) ? new BearerToken.Present(token) : MALFORMED;
  }

  private static boolean hasScheme(String header) {
    if (header.length() < SCHEME.length()) {
      return false;
    }
    for (int i = 0; i < SCHEME.length(); i++) {
      if ((header.charAt(i) | 0x20) != SCHEME.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** The b64token of RFC 6750: characters, then padding. A JWT has none of the latter, which is the verifier's business. */
  private static boolean isToken(String token) {
    int end = token.length();
    while (end > 0 && token.charAt(end - 1) == '=') {
      end--;
    }
    for (int i = 0; i < end; i++) {
      if (!isTokenCharacter(token.charAt(i))) {
        return false;
      }
    }
    return end > 0;
  }

  private static boolean isTokenCharacter(char c) {
    return c < TOKEN_CHARACTERS.length && TOKEN_CHARACTERS[c];
  }

  private static boolean[] tokenCharacters() {
    boolean[] table = new boolean[128];
    String all = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/";
    all.chars().forEach(c -> table[c] = true);
    return table;
  }
}
