package peer;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Date;
import org.bson.Document;
import org.bson.types.ObjectId;

record Todo(
    @JsonProperty("_id") String id,
    String title,
    boolean completed,
    String userId,
    @JsonFormat(pattern = TIME, timezone = "UTC") Date createdAt,
    @JsonFormat(pattern = TIME, timezone = "UTC") Date updatedAt) {
  static final String TIME = "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'";

  static Todo of(Document document) {
    return new Todo(
        document.getObjectId("_id").toHexString(),
        document.getString("title"),
        document.getBoolean("completed", false),
        document.getString("userId"),
        document.getDate("createdAt"),
        document.getDate("updatedAt"));
  }

  Document document() {
    return new Document("_id", new ObjectId(id))
        .append("title", title)
        .append("completed", completed)
        .append("userId", userId)
        .append("createdAt", createdAt)
        .append("updatedAt", updatedAt);
  }
}
