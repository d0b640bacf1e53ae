package peer;

import io.smallrye.jwt.algorithm.SignatureAlgorithm;
import io.smallrye.jwt.auth.principal.JWTAuthContextInfo;
import jakarta.annotation.Priority;
import jakarta.enterprise.inject.Alternative;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** The key of JWT_SECRET, for signing and for verifying. */
@Singleton
class Keys {
  @Produces
  @Singleton
  SecretKey key(@ConfigProperty(name = "JWT_SECRET") String secret) {
    return new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256");
  }

  @Produces
  @Alternative
  @Priority(1)
  @Singleton
  JWTAuthContextInfo verification(SecretKey key) {
    JWTAuthContextInfo info = new JWTAuthContextInfo();
    info.setSecretVerificationKey(key);
    info.setSignatureAlgorithm(Set.of(SignatureAlgorithm.HS256));
    return info;
  }
}
