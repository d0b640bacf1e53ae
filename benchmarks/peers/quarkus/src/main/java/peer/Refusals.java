package peer;

import io.quarkus.security.AuthenticationFailedException;
import io.quarkus.security.UnauthorizedException;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.Map;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

class Refusals {
  @ServerExceptionMapper(priority = 1)
  Response noToken(UnauthorizedException refused, HttpHeaders headers) {
    return unauthorized(
        headers.getHeaderString(HttpHeaders.AUTHORIZATION) == null ? "No token" : "Invalid token");
  }

  @ServerExceptionMapper(priority = 1)
  Response wrongToken(AuthenticationFailedException refused) {
    return unauthorized("Invalid token");
  }

  @ServerExceptionMapper
  Response unknown(NotFoundException unknown) {
    return answer(Response.Status.NOT_FOUND, "Not found").build();
  }

  private static Response unauthorized(String error) {
    return answer(Response.Status.UNAUTHORIZED, error)
        .header(HttpHeaders.WWW_AUTHENTICATE, "Bearer")
        .build();
  }

  private static Response.ResponseBuilder answer(Response.Status status, String error) {
    return Response.status(status).type(MediaType.APPLICATION_JSON).entity(Map.of("error", error));
  }
}
