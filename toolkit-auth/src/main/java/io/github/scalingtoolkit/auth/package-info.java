/**
 * Issues and verifies JSON Web Tokens signed with a shared secret: strictly, and fast enough to do it on every request.
 *
 * <pre>{@code
 * KeySource keys = KeySource.of(SigningKey.hs256(secret)); // bytes or text, at least 32 bytes
 * TokenIssuer issuer = TokenIssuer.builder()
 *     .issuer("https://todo.example").audience("todo-api").keys(keys).timeToLive(Duration.ofMinutes(15)).build();
 * JwtVerifier verifier = JwtVerifier.builder()
 *     .issuer("https://todo.example").audience("todo-api").keys(keys).build();
 *
 * IssuedToken token = issuer.issue(Subject.of("user123").withScopes("todo:read"));
 *
 * if (BearerToken.from(authorizationHeader) instanceof BearerToken.Present bearer
 *     && verifier.verify(bearer.token()) instanceof Verification.Verified verified) {
 *   return list(verified.principal().subject());
 * }
 * }</pre>
 *
 * <p><b>What is guaranteed.</b> {@link io.github.scalingtoolkit.auth.JwtVerifier#verify} throws nothing and answers with a
 * sealed {@link io.github.scalingtoolkit.auth.Verification}. The algorithm belongs to the key; the token does not choose it.
 * Every token has one spelling: base64url without spare bits, JSON without duplicate names, valid UTF-8, nothing before or
 * after. Sizes are limited before work is done. The signature is checked before any claim. {@code iss sub aud iat exp jti}
 * must be there with the right type, and the header's {@code typ} must be the expected one.
 *
 * <p><b>What is not.</b> A token is valid until it expires or its key is removed; there is no revocation yet. There are no public
 * keys (RS256, ES256), hence no tokens for others to verify without being able to issue, and there is no encryption: anyone who
 * holds a token can read it.
 *
 * <p><b>What it needs.</b> {@code slf4j-api} and {@code jspecify}, and the JDK's own cryptography; with
 * {@link io.github.scalingtoolkit.auth.AuthMetrics} also {@code micrometer-core}.
 *
 * <p>The parts: {@link io.github.scalingtoolkit.auth.SigningKey}, {@link io.github.scalingtoolkit.auth.KeySet},
 * {@link io.github.scalingtoolkit.auth.KeySource} and {@link io.github.scalingtoolkit.auth.KeyRing} hold keys and rotate them;
 * {@link io.github.scalingtoolkit.auth.TokenIssuer} turns a {@link io.github.scalingtoolkit.auth.Subject} into an
 * {@link io.github.scalingtoolkit.auth.IssuedToken}; {@link io.github.scalingtoolkit.auth.BearerToken} finds one in a header
 * and {@link io.github.scalingtoolkit.auth.JwtVerifier} turns it into a {@link io.github.scalingtoolkit.auth.Principal} or a
 * {@link io.github.scalingtoolkit.auth.RejectCode}.
 */
package io.github.scalingtoolkit.auth;
