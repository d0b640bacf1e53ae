package io.github.scalingtoolkit.todo.config;

import com.mongodb.ConnectionString;
import io.github.scalingtoolkit.core.settings.SettingsException;
import io.github.scalingtoolkit.core.settings.UrlCredentials;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Checks a MongoDB URI with the driver's parser. Its messages show no password, which the driver's own may. */
final class MongoUri {
  private static final Pattern SCHEME = Pattern.compile("mongodb(?:\\+srv)?://");

  /** What decoding puts in place of bytes that are not UTF-8. */
  private static final char REPLACEMENT = '\uFFFD';

  private MongoUri() {}

  /**
   * Returns {@code text}.
   *
   * @throws SettingsException if user or password are not percent-encoded as they must be
   * @throws IllegalArgumentException if it is not a MongoDB URI for another reason
   */
  static String checked(String text) {
    try {
      ConnectionString uri = new ConnectionString(text);
      char[] password = uri.getPassword();
      if (password != null && new String(password).indexOf(REPLACEMENT) >= 0) {
        checkCredentials(text);
      }
      return text;
    } catch (IllegalArgumentException unfit) {
      checkCredentials(text);
      throw unfit;
    }
  }

  private static void checkCredentials(String text) {
    Matcher scheme = SCHEME.matcher(text);
    if (!scheme.lookingAt()) {
      return;
    }
    String rest = text.substring(scheme.end());
    int options = rest.indexOf('?');
    // An option may hold an @ of its own; so may a password, and a ? as well.
    int before = options < 0 ? -1 : rest.lastIndexOf('@', options);
    int sign = before >= 0 ? before : rest.lastIndexOf('@');
    if (sign >= 0) {
      try {
        UrlCredentials.parse(rest.substring(0, sign));
      } catch (IllegalArgumentException notEncoded) {
        throw new SettingsException(String.valueOf(notEncoded.getMessage()));
      }
    }
  }
}
