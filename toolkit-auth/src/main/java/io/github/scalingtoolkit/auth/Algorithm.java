package io.github.scalingtoolkit.auth;

/**
 * The signature algorithms of this module. Each key has exactly one, and the token does not choose it: that
 * makes algorithm confusion impossible.
 */
public enum Algorithm {
  /** HMAC with SHA-256 (RFC 7518 §3.2); key of at least 32 bytes. */
  HS256("HmacSHA256", 32),
  /** HMAC with SHA-512 (RFC 7518 §3.2); key of at least 64 bytes. */
  HS512("HmacSHA512", 64);

  private final String jcaName;
  private final int size;

  Algorithm(String jcaName, int size) {
    this.jcaName = jcaName;
    this.size = size;
  }

  /** Returns the fewest bytes a key may have: as many as the hash. */
  public int minimumKeyBytes() {
    return size;
  }

  int signatureBytes() {
    return size;
  }

  String jcaName() {
    return jcaName;
  }
}
