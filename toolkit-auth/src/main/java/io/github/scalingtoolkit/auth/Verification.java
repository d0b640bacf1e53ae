package io.github.scalingtoolkit.auth;

/**
 * The result for a token: {@link Verified} or {@link Rejected}. There is no third case, and no exception.
 *
 * <pre>{@code
 * Verification verification = verifier.verify(token);
 * if (verification instanceof Verification.Verified verified) {
 *   return list(verified.principal().subject());
 * }
 * return unauthorized("Invalid token");
 * }</pre>
 */
public sealed interface Verification {

  /** The token is genuine, meant for this audience, and valid now. */
  record Verified(Principal principal) implements Verification {}

  /** The token is refused. The code is for logs and metrics; tell the client "Invalid token" and no more. */
  record Rejected(RejectCode code) implements Verification {
    private static final Rejected[] INSTANCES = instances();

    static Rejected of(RejectCode code) {
      return INSTANCES[code.ordinal()];
    }

    private static Rejected[] instances() {
      RejectCode[] codes = RejectCode.values();
      Rejected[] instances = new Rejected[codes.length];
      for (RejectCode code : codes) {
        instances[code.ordinal()] = new Rejected(code);
      }
      return instances;
    }
  }
}
