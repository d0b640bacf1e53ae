package peer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarkus.redis.datasource.ReactiveRedisDataSource;
import io.quarkus.redis.datasource.keys.ReactiveKeyCommands;
import io.quarkus.redis.datasource.value.ReactiveValueCommands;
import io.quarkus.security.Authenticated;
import io.smallrye.mutiny.Uni;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.UncheckedIOException;
import java.util.List;
import org.eclipse.microprofile.jwt.JsonWebToken;

@Path("/api/todos")
@Authenticated
@Produces(MediaType.APPLICATION_JSON)
public class TodoResource {
  private static final int CACHE_SECONDS = 30;

  private final Todos todos;
  private final Notifications notifications;
  private final ReactiveValueCommands<String, String> cache;
  private final ReactiveKeyCommands<String> keys;
  private final ObjectMapper json;
  private final JsonWebToken token;

  TodoResource(
      Todos todos,
      Notifications notifications,
      ReactiveRedisDataSource redis,
      ObjectMapper json,
      JsonWebToken token) {
    this.todos = todos;
    this.notifications = notifications;
    this.cache = redis.value(String.class);
    this.keys = redis.key();
    this.json = json;
    this.token = token;
  }

  record NewTodo(String title) {}

  @GET
  public Uni<String> list() {
    String userId = token.getSubject();
    return cache.get(key(userId))
        .onItem()
        .ifNull()
        .switchTo(() -> todos.of(userId)
            .map(this::text)
            .call(list -> cache.setex(key(userId), CACHE_SECONDS, list)));
  }

  @POST
  @Consumes(MediaType.APPLICATION_JSON)
  public Uni<Response> create(NewTodo body) {
    String userId = token.getSubject();
    if (body == null || body.title() == null || body.title().isBlank() || body.title().length() > 500) {
      return Uni.createFrom().item(Response.status(422).build());
    }
    return todos.add(userId, body.title())
        .call(todo -> Uni.combine()
            .all()
            .unis(keys.del(key(userId)), notifications.add(userId, todo.id()))
            .asTuple())
        .map(todo -> Response.status(Response.Status.CREATED).entity(todo).build());
  }

  private String text(List<Todo> list) {
    try {
      return json.writeValueAsString(list);
    } catch (JsonProcessingException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  private static String key(String userId) {
    return "todos:" + userId;
  }
}
