package peer;

import java.util.List;
import org.springframework.data.mongodb.repository.MongoRepository;

interface Todos extends MongoRepository<Todo, String> {
  List<Todo> findByUserId(String userId);
}
