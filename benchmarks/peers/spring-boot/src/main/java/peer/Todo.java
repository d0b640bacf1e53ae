package peer;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import org.springframework.data.annotation.Id;
import org.springframework.data.mongodb.core.index.Indexed;
import org.springframework.data.mongodb.core.mapping.Document;

@Document("todos")
record Todo(
    @Id @JsonProperty("_id") String id,
    String title,
    boolean completed,
    @Indexed String userId,
    @JsonFormat(pattern = TIME, timezone = "UTC") Instant createdAt,
    @JsonFormat(pattern = TIME, timezone = "UTC") Instant updatedAt) {
  static final String TIME = "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'";
}
