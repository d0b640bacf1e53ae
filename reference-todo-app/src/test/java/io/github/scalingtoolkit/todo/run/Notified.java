package io.github.scalingtoolkit.todo.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads what was delivered, as a user of the demo does. */
final class Notified {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Notified() {}

  /** Returns the ids of todos, one for each line that is whole; none if there is no file yet. */
  static List<String> todos(Path file) {
    List<String> todos = new ArrayList<>();
    try {
      if (Files.exists(file)) {
        String text = Files.readString(file);
        for (String line : text.substring(0, text.lastIndexOf('\n') + 1).split("\n")) {
          readTodo(line, todos);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return todos;
  }

  private static void readTodo(String line, List<String> todos) {
    try {
      JsonNode delivered = JSON.readTree(line);
      if (delivered.hasNonNull("jobId")
          && delivered.hasNonNull("userId")
          && delivered.hasNonNull("deliveredAt")) {
        todos.add(delivered.get("todoId").textValue());
      }
    } catch (IOException tornByAKill) {
      // Its notification is delivered again.
    }
  }
}
