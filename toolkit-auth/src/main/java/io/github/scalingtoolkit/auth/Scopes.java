package io.github.scalingtoolkit.auth;

import java.util.Arrays;
import java.util.Set;

/** The {@code scope} claim (RFC 6749 §3.3, RFC 8693 §4.2): names of visible ASCII, one space between two. */
final class Scopes {
  private Scopes() {}

  static Set<String> read(String claim) {
    if (claim.isEmpty()) {
      return Set.of();
    }
    String[] names = claim.split(" ", -1);
    for (String name : names) {
      if (!isScope(name)) {
        throw Reject.as(RejectCode.INVALID_CLAIM);
      }
    }
    return Set.copyOf(Arrays.asList(names));
  }

  static boolean isScope(String name) {
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c <= ' ' || c > '~' || c == '"' || c == '\\') {
        return false;
      }
    }
    return !name.isEmpty();
  }
}
