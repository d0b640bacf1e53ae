package peer;

import io.smallrye.common.annotation.NonBlocking;
import io.smallrye.jwt.build.Jwt;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import javax.crypto.SecretKey;

@Path("/")
@Produces(MediaType.APPLICATION_JSON)
public class PublicResource {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern(Todo.TIME).withZone(ZoneOffset.UTC);
  private static final long STARTED = System.nanoTime();

  private final Password password;
  private final SecretKey key;

  PublicResource(Password password, SecretKey key) {
    this.password = password;
    this.key = key;
  }

  record Health(String status, double uptime) {}

  record Credentials(String username, String password) {}

  @GET
  @Path("health")
  @NonBlocking
  public Health health() {
    return new Health("OK", (System.nanoTime() - STARTED) / 1_000_000 / 1e3);
  }

  @GET
  @Path("api/health")
  @NonBlocking
  public Health apiHealth() {
    return health();
  }

  @GET
  @Path("hello")
  @NonBlocking
  public Map<String, String> hello() {
    return Map.of("message", "Hello Scalable World!", "timestamp", TIME.format(Instant.now()));
  }

  /** Blocks, for the hash, so it runs on a thread of the worker pool. */
  @POST
  @Path("login")
  @Consumes(MediaType.APPLICATION_JSON)
  public Response login(Credentials given) {
    if (!password.fits(given.password()) || !"user".equals(given.username())) {
      return Response.status(Response.Status.UNAUTHORIZED)
          .entity(Map.of("error", "Invalid credentials"))
          .build();
    }
    String token = Jwt.subject("user123").expiresIn(Duration.ofHours(1)).sign(key);
    return Response.ok(Map.of("token", token)).build();
  }
}
