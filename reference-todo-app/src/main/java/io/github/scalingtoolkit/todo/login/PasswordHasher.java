package io.github.scalingtoolkit.todo.login;

import io.github.scalingtoolkit.core.settings.Secret;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * Turns passwords into hashes that are slow to guess, and tells whether a password matches a hash.
 *
 * <p>PBKDF2 with HMAC-SHA-256, 600,000 rounds and 16 random bytes of salt (OWASP's figures for it): about a tenth of a
 * second of one core, on purpose, so callers must bound how many run at a time. A hash is a PHC string
 * ({@code $pbkdf2-sha256$i=600000$salt$hash}) and so names its parameters; older hashes keep working when the rounds are
 * raised.
 *
 * <p>Safe for use by several threads.
 */
public final class PasswordHasher {
  private static final int ROUNDS = 600_000;
  private static final int MOST_ROUNDS = 10_000_000;
  private static final int SALT_BYTES = 16;
  private static final int HASH_BITS = 256;
  private static final Pattern PHC = Pattern.compile(
      "\\$pbkdf2-sha256\\$i=([0-9]{1,8})\\$([A-Za-z0-9+/]{1,128})\\$([A-Za-z0-9+/]{1,128})");
  private static final String NOBODYS_SALT_AND_HASH =
      "$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

  private static final Base64.Encoder ENCODER = Base64.getEncoder().withoutPadding();
  private static final Base64.Decoder DECODER = Base64.getDecoder();

  private final SecureRandom random = new SecureRandom();
  private final int rounds;
  /** Matches no password: none is known whose hash is 32 zero bytes. */
  private final String nobodys;

  /** Makes hashes of 600,000 rounds. */
  public PasswordHasher() {
    this(ROUNDS);
  }

  PasswordHasher(int rounds) {
    this.rounds = rounds;
    nobodys = "$pbkdf2-sha256$i=" + rounds + NOBODYS_SALT_AND_HASH;
  }

  /** Returns a new hash of {@code password}. */
  public String hash(Secret password) {
    byte[] salt = new byte[SALT_BYTES];
    random.nextBytes(salt);
    byte[] hash = derive(password, salt, rounds);
    return "$pbkdf2-sha256$i=" + rounds + "$" + ENCODER.encodeToString(salt) + "$"
        + ENCODER.encodeToString(hash);
  }

  /**
   * Tells whether {@code hash} was made from {@code password}; false, and as slowly, for a hash it cannot
   * read, such as another service's.
   */
  public boolean fits(Secret password, String hash) {
    Matcher phc = PHC.matcher(hash);
    int made = phc.matches() ? Integer.parseInt(phc.group(1)) : 0;
    if (made < 1 || made > MOST_ROUNDS) {
      return fitsNobody(password);
    }
    byte[] expected = DECODER.decode(phc.group(3));
    return MessageDigest.isEqual(expected, derive(password, DECODER.decode(phc.group(2)), made));
  }

  /** Takes as long as {@link #fits} and is false for every password: for unknown users, so that timing does not reveal them. */
  public boolean fitsNobody(Secret password) {
    return fits(password, nobodys);
  }

  private static byte[] derive(Secret password, byte[] salt, int rounds) {
    PBEKeySpec spec = new PBEKeySpec(password.reveal().toCharArray(), salt, rounds, HASH_BITS);
    try {
      return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
          .generateSecret(spec)
          .getEncoded();
    } catch (GeneralSecurityException e) {
      throw new LinkageError("every Java platform has PBKDF2WithHmacSHA256", e);
    } finally {
      spec.clearPassword();
    }
  }
}
