package io.github.scalingtoolkit.auth;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * The subject a token is issued for, with optional scopes and claims.
 *
 * <p>Immutable: the {@code with} methods return another one. A token is signed, not encrypted: include nothing that its
 * holder may not read.
 */
public final class Subject {
  private static final Set<String> OURS =
      Set.of("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "scope");

  private final String id;
  private final Set<String> scopes;
  private final Map<String, String> claimTexts;

  private Subject(String id, Set<String> scopes, Map<String, String> claimTexts) {
    this.id = id;
    this.scopes = scopes;
    this.claimTexts = claimTexts;
  }

  /**
   * Returns a subject with this {@code sub} and nothing else.
   *
   * @throws IllegalArgumentException if {@code id} is blank or is not valid Unicode
   */
  public static Subject of(String id) {
    Required.text("subject", id);
    JsonText.of(id);
    return new Subject(id, Set.of(), Map.of());
  }

  /**
   * Returns this subject with these scopes and no others.
   *
   * @throws IllegalArgumentException if one is empty or has other characters than visible ASCII without {@code "} and {@code \}
   */
  public Subject withScopes(String... scopes) {
    Set<String> all = new LinkedHashSet<>();
    for (String scope : scopes) {
      if (!Scopes.isScope(scope)) {
        throw new IllegalArgumentException(
            "scope must be visible ASCII without quotes and backslashes but was \"" + scope + "\"");
      }
      all.add(scope);
    }
    return new Subject(id, all, claimTexts);
  }

  /**
   * Returns this subject with one more claim, or with a new value for it. The value is copied.
   *
   * @param value made of {@code String}, {@code Boolean}, {@code Integer}, {@code Long}, {@code BigDecimal}, {@code List}
   *     and {@code Map}
   * @throws IllegalArgumentException if the name is a claim that the issuer sets, or the value is one that a verifier would
   *     refuse: another type, null, nested more than 8 deep, a number of more than 20 digits
   */
  public Subject withClaim(String name, Object value) {
    if (OURS.contains(name)) {
      throw new IllegalArgumentException(
          "claim " + name + " is set by the issuer or by withScopes and cannot be given");
    }
    String text = JsonText.of(value);
    byte[] inPlace = ("{" + JsonText.of(name) + ":" + text + "}").getBytes(StandardCharsets.UTF_8);
    try {
      StrictJson.object(inPlace, 0, inPlace.length);
    } catch (Reject unreadable) {
      throw new IllegalArgumentException("claim " + name
          + " must have numbers of at most " + StrictJson.MAX_DIGITS
          + " digits and names that occur once");
    }
    Map<String, String> more = new LinkedHashMap<>(claimTexts);
    more.put(name, text);
    return new Subject(id, scopes, more);
  }

  String id() {
    return id;
  }

  Set<String> scopes() {
    return scopes;
  }

  /** Names of claims, and their values as JSON. */
  Map<String, String> claimTexts() {
    return claimTexts;
  }

  @Override
  public String toString() {
    return "Subject[scopes=" + scopes + ", claims=" + claimTexts.keySet() + "]";
  }
}
