package peer;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.security.crypto.password.PasswordEncoder;
import org.springframework.security.crypto.password.Pbkdf2PasswordEncoder;
import org.springframework.security.oauth2.jose.jws.MacAlgorithm;
import org.springframework.security.oauth2.jwt.JwsHeader;
import org.springframework.security.oauth2.jwt.JwtClaimsSet;
import org.springframework.security.oauth2.jwt.JwtEncoder;
import org.springframework.security.oauth2.jwt.JwtEncoderParameters;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.servlet.resource.NoResourceFoundException;

@RestController
class PublicController {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern(Todo.TIME).withZone(ZoneOffset.UTC);

  private final long started = System.nanoTime();
  private final JwtEncoder tokens;
  private final Json json;
  private final PasswordEncoder passwords = new Pbkdf2PasswordEncoder(
      "", 16, 600_000, Pbkdf2PasswordEncoder.SecretKeyFactoryAlgorithm.PBKDF2WithHmacSHA256);
  private final String hash = passwords.encode("pass");

  PublicController(JwtEncoder tokens, Json json) {
    this.tokens = tokens;
    this.json = json;
  }

  record Health(String status, double uptime) {}

  record Credentials(String username, String password) {}

  @GetMapping({"/health", "/api/health"})
  ResponseEntity<String> health() {
    double uptime = (System.nanoTime() - started) / 1_000_000 / 1e3;
    return json.answer(HttpStatus.OK, new Health("OK", uptime));
  }

  @GetMapping("/hello")
  ResponseEntity<String> hello() {
    return json.answer(
        HttpStatus.OK,
        Map.of("message", "Hello Scalable World!", "timestamp", TIME.format(Instant.now())));
  }

  @PostMapping("/login")
  ResponseEntity<String> login(@RequestBody Credentials given) {
    boolean fits = passwords.matches(given.password(), hash);
    if (!fits || !"user".equals(given.username())) {
      return json.answer(HttpStatus.UNAUTHORIZED, Map.of("error", "Invalid credentials"));
    }
    Instant now = Instant.now();
    JwtClaimsSet claims = JwtClaimsSet.builder()
        .subject("user123")
        .issuedAt(now)
        .expiresAt(now.plusSeconds(3600))
        .build();
    String token = tokens
        .encode(JwtEncoderParameters.from(JwsHeader.with(MacAlgorithm.HS256).build(), claims))
        .getTokenValue();
    return json.answer(HttpStatus.OK, Map.of("token", token));
  }

  @RestControllerAdvice
  static class Unknown {
    @ExceptionHandler(NoResourceFoundException.class)
    @ResponseStatus(HttpStatus.NOT_FOUND)
    Map<String, String> notFound() {
      return Map.of("error", "Not found");
    }
  }
}
