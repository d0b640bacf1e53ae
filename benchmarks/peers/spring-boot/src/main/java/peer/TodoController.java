package peer;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

@RestController
class TodoController {
  private static final Duration CACHED = Duration.ofSeconds(30);

  private final Todos todos;
  private final StringRedisTemplate redis;
  private final Notifications notifications;
  private final Json json;

  TodoController(
      Todos todos, StringRedisTemplate redis, Notifications notifications, Json json) {
    this.todos = todos;
    this.redis = redis;
    this.notifications = notifications;
    this.json = json;
  }

  record NewTodo(String title) {}

  @GetMapping(path = "/api/todos", produces = MediaType.APPLICATION_JSON_VALUE)
  String list(@AuthenticationPrincipal Jwt token) {
    String key = key(token.getSubject());
    String cached = redis.opsForValue().get(key);
    if (cached != null) {
      return cached;
    }
    List<Todo> found = todos.findByUserId(token.getSubject());
    String text = json.text(found);
    redis.opsForValue().set(key, text, CACHED);
    return text;
  }

  @PostMapping("/api/todos")
  ResponseEntity<String> create(@AuthenticationPrincipal Jwt token, @RequestBody NewTodo body) {
    if (body.title() == null || body.title().isBlank() || body.title().length() > 500) {
      return ResponseEntity.unprocessableContent().build();
    }
    String userId = token.getSubject();
    Instant now = Instant.now();
    Todo todo = todos.insert(new Todo(null, body.title(), false, userId, now, now));
    redis.delete(key(userId));
    notifications.add(userId, todo.id());
    return json.answer(HttpStatus.CREATED, todo);
  }

  private static String key(String userId) {
    return "todos:" + userId;
  }
}
