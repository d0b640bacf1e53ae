package io.github.scalingtoolkit.auth;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Objects;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A shared secret with the one algorithm it may be used with, and its id ({@code kid}).
 *
 * <p>Anyone who can verify with it can also issue: share it inside one trust domain only.
 *
 * <p><b>The id</b> is, unless {@link #withId} says otherwise, the first 96 bits of a MAC made with the key itself over a
 * fixed text and the algorithm (with {@link #forIssuer}, over the issuer as well): the same on every machine that has the secret, different for HS256 and HS512. It reveals
 * nothing that a token does not reveal: with any token its holder can test guesses of the secret offline, and the id lets them do
 * the same at the same cost. So the secret must be random, not a phrase. (RFC 7638's thumbprint would be a
 * plain hash of the secret, on which guesses are cheaper.)
 *
 * <p>Immutable and safe for use by several threads; two keys are equal only if they are the same object. Never prints the
 * secret.
 */
public final class SigningKey {
  private static final String ID_TEXT = "scaling-toolkit key id\0";
  private static final int ID_BYTES = 12;
  private static final byte[] PEM = "-----BEGIN".getBytes(StandardCharsets.US_ASCII);

  private final String id;
  private final Algorithm algorithm;
  private final SecretKeySpec secret;
  private final EnginePool<Mac> engines;

  private SigningKey(
      String id, Algorithm algorithm, SecretKeySpec secret, EnginePool<Mac> engines) {
    this.id = id;
    this.algorithm = algorithm;
    this.secret = secret;
    this.engines = engines;
  }

  /** As {@link #of(Algorithm, String)} with {@link Algorithm#HS256}: at least 32 bytes of UTF-8. */
  public static SigningKey hs256(String secret) {
    return of(Algorithm.HS256, secret);
  }

  /** As {@link #of(Algorithm, byte[])} with {@link Algorithm#HS256}: at least 32 bytes. */
  public static SigningKey hs256(byte[] secret) {
    return of(Algorithm.HS256, secret);
  }

  /** As {@link #of(Algorithm, String)} with {@link Algorithm#HS512}: at least 64 bytes of UTF-8. */
  public static SigningKey hs512(String secret) {
    return of(Algorithm.HS512, secret);
  }

  /** As {@link #of(Algorithm, byte[])} with {@link Algorithm#HS512}: at least 64 bytes. */
  public static SigningKey hs512(byte[] secret) {
    return of(Algorithm.HS512, secret);
  }

  /**
   * Returns the key whose bytes are the UTF-8 of {@code secret}, as {@link #of(Algorithm, byte[])} makes it. The text is
   * taken as it is: neither hex nor base64 is decoded, and white space counts.
   *
   * @throws IllegalArgumentException if it has fewer bytes than {@link Algorithm#minimumKeyBytes()}, holds a lone
   *     surrogate or U+FFFD (which a decoder leaves where it could not read), or is a PEM file
   */
  public static SigningKey of(Algorithm algorithm, String secret) {
    byte[] bytes = secret.getBytes(StandardCharsets.UTF_8);
    try {
      // Either of the two would make the same key from different secrets.
      if (secret.indexOf('\uFFFD') >= 0
          || !new String(bytes, StandardCharsets.UTF_8).equals(secret)) {
        throw new IllegalArgumentException(
            "secret for " + algorithm
                + " must be valid Unicode but has a lone surrogate or U+FFFD; read it as UTF-8, or pass its bytes");
      }
      return of(algorithm, bytes);
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }

  /**
   * Returns the key with exactly these bytes. They are copied: the caller may wipe them afterwards.
   *
   * @throws IllegalArgumentException if there are fewer than {@link Algorithm#minimumKeyBytes()}, or they are a PEM file (a
   *     public key used as a shared secret is an attack, never a key)
   */
  public static SigningKey of(Algorithm algorithm, byte[] secret) {
    if (isPem(secret)) {
      throw new IllegalArgumentException("secret for " + algorithm
          + " must be random but is a PEM file; a shared secret can be made with: openssl rand -base64 "
          + 2 * algorithm.minimumKeyBytes());
    }
    if (secret.length < algorithm.minimumKeyBytes()) {
      throw new IllegalArgumentException("secret for " + algorithm + " must have >= "
          + algorithm.minimumKeyBytes() + " bytes but has " + secret.length
          + "; make one with: openssl rand -base64 " + 2 * algorithm.minimumKeyBytes());
    }
    SecretKeySpec key = new SecretKeySpec(secret, algorithm.jcaName());
    EnginePool<Mac> engines = new EnginePool<>(() -> engine(algorithm, key));
    return new SigningKey(idOf(engines, ID_TEXT + algorithm), algorithm, key, engines);
  }

  private static String idOf(EnginePool<Mac> engines, String text) {
    Mac mac = engines.borrow();
    byte[] full = mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    engines.giveBack(mac);
    return Base64Url.encode(Arrays.copyOf(full, ID_BYTES));
  }

  private static boolean isPem(byte[] secret) {
    for (int i = 0; i + PEM.length <= secret.length; i++) {
      if (Arrays.equals(secret, i, i + PEM.length, PEM, 0, PEM.length)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Returns the same key under another id, for an issuer that chose the id itself.
   *
   * @throws IllegalArgumentException if {@code id} is not 1 to 128 printable ASCII characters
   */
  public SigningKey withId(String id) {
    Objects.requireNonNull(id, "id");
    if (!Header.isKeyId(id)) {
      throw new IllegalArgumentException(
          "id must be 1 to 128 printable ASCII characters but has " + id.length() + " characters");
    }
    return new SigningKey(id, algorithm, secret, engines);
  }

  /**
   * Returns the same key under an id that is made of the key and {@code issuer}: for issuers that share a secret, or change
   * theirs by themselves, so that no two of their keys have one id.
   *
   * @throws IllegalArgumentException if {@code issuer} is blank
   */
  public SigningKey forIssuer(String issuer) {
    String text = ID_TEXT + algorithm + "\0" + Required.text("issuer", issuer);
    return new SigningKey(idOf(engines, text), algorithm, secret, engines);
  }

  /** Returns the {@code kid} of tokens signed with this key. It is public. */
  public String id() {
    return id;
  }

  /** Returns the algorithm of this key. */
  public Algorithm algorithm() {
    return algorithm;
  }

  byte[] sign(byte[] bytes, int from, int length) {
    Mac mac = engines.borrow();
    mac.update(bytes, from, length);
    byte[] signature = mac.doFinal();
    // Not in a finally: an engine that threw is in an unknown state.
    engines.giveBack(mac);
    return signature;
  }

  /** Tells, in a time that does not depend on where they differ, whether {@code signature} is that of the given bytes. */
  boolean verifies(byte[] bytes, int from, int length, byte[] signature) {
    return MessageDigest.isEqual(sign(bytes, from, length), signature);
  }

  private static Mac engine(Algorithm algorithm, SecretKeySpec key) {
    try {
      Mac mac = Mac.getInstance(algorithm.jcaName());
      mac.init(key);
      return mac;
    } catch (GeneralSecurityException e) {
      throw new AuthException(
          "this JVM has no " + algorithm.jcaName() + "; check its security providers", e);
    }
  }

  @Override
  public String toString() {
    return "SigningKey[id=" + id + ", algorithm=" + algorithm + "]";
  }
}
