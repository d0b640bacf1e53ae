package peer;

import com.mongodb.ConnectionString;
import com.mongodb.client.model.Indexes;
import io.quarkus.mongodb.reactive.ReactiveMongoClient;
import io.quarkus.mongodb.reactive.ReactiveMongoCollection;
import io.quarkus.runtime.StartupEvent;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.Date;
import java.util.List;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.eclipse.microprofile.config.inject.ConfigProperty;

@ApplicationScoped
class Todos {
  private final ReactiveMongoCollection<Document> todos;

  Todos(
      ReactiveMongoClient mongo,
      @ConfigProperty(name = "quarkus.mongodb.connection-string") String uri) {
    String database = new ConnectionString(uri).getDatabase();
    todos = mongo.getDatabase(database == null ? "todoapp" : database).getCollection("todos");
  }

  void indexed(@Observes StartupEvent started) {
    todos.createIndex(Indexes.ascending("userId")).await().indefinitely();
  }

  Uni<List<Todo>> of(String userId) {
    return todos.find(new Document("userId", userId)).map(Todo::of).collect().asList();
  }

  Uni<Todo> add(String userId, String title) {
    Date now = new Date();
    Todo todo = new Todo(new ObjectId().toHexString(), title, false, userId, now, now);
    return todos.insertOne(todo.document()).replaceWith(todo);
  }
}
