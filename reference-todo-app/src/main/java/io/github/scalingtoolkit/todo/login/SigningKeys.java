package io.github.scalingtoolkit.todo.login;

import io.github.scalingtoolkit.auth.Algorithm;
import io.github.scalingtoolkit.auth.SigningKey;
import io.github.scalingtoolkit.core.settings.Secret;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the text of {@code JWT_SECRET}: one secret a line, of which the first signs and all verify.
 *
 * <p>The id of a key ({@code kid}) is made of the key and the issuer: the same in every process, and another one for the
 * same secret elsewhere.
 */
public final class SigningKeys {
  /** Most secrets at a time. */
  public static final int MOST = 4;

  private SigningKeys() {}

  /**
   * Returns the keys in {@code text}, in its order. Blank lines are skipped.
   *
   * @throws IllegalArgumentException if there are none or more than {@value #MOST}, two are equal, or one is not a key; the
   *     message follows the name of the setting, and shows no secret
   */
  public static List<SigningKey> read(Algorithm algorithm, String issuer, Secret text) {
    List<String> secrets = text.reveal().lines().filter(line -> !line.isBlank()).toList();
    if (secrets.isEmpty() || secrets.size() > MOST) {
      throw new IllegalArgumentException(
          "must hold 1 to " + MOST + " secrets, one a line, but has " + secrets.size());
    }
    List<SigningKey> keys = new ArrayList<>();
    for (int i = 0; i < secrets.size(); i++) {
      String secret = secrets.get(i);
      int bytes = Secret.of(secret).revealBytes().length;
      String which = secrets.size() == 1 ? "" : "secret " + (i + 1) + " of " + secrets.size() + " ";
      if (bytes < algorithm.minimumKeyBytes()) {
        throw new IllegalArgumentException(which + "must have at least "
            + algorithm.minimumKeyBytes() + " bytes for " + algorithm + " but has " + bytes);
      }
      int same = secrets.indexOf(secret);
      if (same < i) {
        throw new IllegalArgumentException(
            which + "must differ from the others but equals secret " + (same + 1));
      }
      try {
        keys.add(SigningKey.of(algorithm, secret).forIssuer(issuer));
      } catch (IllegalArgumentException unfit) {
        throw new IllegalArgumentException(which + "cannot be used: " + unfit.getMessage(), unfit);
      }
    }
    return keys;
  }
}
