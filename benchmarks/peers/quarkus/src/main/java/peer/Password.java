package peer;

import jakarta.inject.Singleton;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/** The hash of the one user's password: PBKDF2 with HMAC-SHA-256 and 600,000 rounds. */
@Singleton
class Password {
  private static final int ROUNDS = 600_000;
  private static final int HASH_BITS = 256;

  private final byte[] salt = new byte[16];
  private final byte[] hash;

  Password() {
    new SecureRandom().nextBytes(salt);
    hash = derive("pass");
  }

  boolean fits(String password) {
    return password != null && MessageDigest.isEqual(hash, derive(password));
  }

  private byte[] derive(String password) {
    try {
      return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
          .generateSecret(new PBEKeySpec(password.toCharArray(), salt, ROUNDS, HASH_BITS))
          .getEncoded();
    } catch (GeneralSecurityException e) {
      throw new LinkageError("every Java platform has PBKDF2WithHmacSHA256", e);
    }
  }
}
