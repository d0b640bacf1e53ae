package io.github.scalingtoolkit.todo.domain;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.scalingtoolkit.todo.domain.TodoInput.Invalid;
import io.github.scalingtoolkit.todo.domain.TodoInput.Valid;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Contract §1, "Todo input". */
class TodoInputTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void takesATitleAlone() {
    assertThat(read("{'title':'  Buy milk '}"))
        .isEqualTo(new Valid(new NewTodo(new Title("Buy milk"), false)));
  }

  @Test
  void takesCompleted() {
    assertThat(read("{'completed':true,'title':'x'}"))
        .isEqualTo(new Valid(new NewTodo(new Title("x"), true)));
  }

  @Test
  void ignoresFieldsThatTheServerOwnsWhateverTheyHold() {
    assertThat(read("{'_id':1,'url':[],'userId':{'$ne':1},'createdAt':null,'updatedAt':'x','__v':0,"
            + "'title':'x','completed':false}"))
        .isEqualTo(new Valid(new NewTodo(new Title("x"), false)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{}                  | is required",
        "{'title':null}      | must be a string but was null",
        "{'title':7}         | must be a string but was a number",
        "{'title':true}      | must be a string but was a boolean",
        "{'title':['x']}     | must be a string but was an array",
        "{'title':{'$gt':''}} | must be a string but was an object",
        "{'title':''}        | must not be empty",
        "{'title':' \\t '}   | must not be empty",
        "{'title':'a\\u0000b'} | must not contain control characters",
        "{'title':'a\\ud800'} | must not contain half of a surrogate pair",
      })
  void refusesTitles(String json, String message) {
    assertThat(errors(json)).containsExactly(new FieldError("title", message));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "null|null",
        "0|a number",
        "1|a number",
        "'true'|a string",
        "[]|an array",
        "{}|an object"
      })
  void refusesCompletedThatIsNoBoolean(String json, String kind) {
    assertThat(errors("{'title':'x','completed':" + json + "}"))
        .containsExactly(new FieldError("completed", "must be true or false but was " + kind));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"Order", "Title", "title ", "id", "", "outbox", "__proto__", "$set", "a.b"})
  void namesUnknownFields(String field) {
    assertThat(errors("{'title':'x','" + field + "':1}"))
        .containsExactly(new FieldError(field, "is not a field of a todo"));
  }

  @Test
  void takesAFiniteNumberAsOrder() {
    assertThat(read("{'title':'x','order':2.5}"))
        .isEqualTo(new TodoInput.Valid(new NewTodo(new Title("x"), false, 2.5)));
    assertThat(errors("{'title':'x','order':1e400}"))
        .containsExactly(new FieldError("order", "must be a number that fits into 64 bits"));
    assertThat(errors("{'title':'x','order':null}"))
        .containsExactly(new FieldError("order", "must be a number but was null"));
  }

  @Test
  void aPatchTakesAnyOfTheFieldsAndNullForOrderAlone() {
    assertThat(patch("{}")).isEqualTo(new TodoInput.Patch(new TodoChange(null, null, null, false)));
    assertThat(patch("{'title':' x ','completed':true,'order':1,'_id':'y'}"))
        .isEqualTo(new TodoInput.Patch(new TodoChange(new Title("x"), true, 1.0, false)));
    assertThat(patch("{'order':null}"))
        .isEqualTo(new TodoInput.Patch(new TodoChange(null, null, null, true)));
    assertThat(((Invalid) patch("{'title':null,'completed':null,'order':'x','y':1}")).errors())
        .extracting(FieldError::field)
        .containsExactly("title", "completed", "order", "y");
    assertThat(patch("[]")).isInstanceOf(Invalid.class);
  }

  @Test
  void reportsEverythingThatIsWrongAtOnce() {
    assertThat(errors("{'completed':'no','order':'1','title':'','x':2}"))
        .extracting(FieldError::field)
        .containsExactlyInAnyOrder("title", "completed", "order", "x");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {"[]|an array", "null|null", "'x'|a string", "1|a number", "true|a boolean"})
  void refusesABodyThatIsNoObject(String json, String kind) {
    assertThat(errors(json))
        .containsExactly(new FieldError("", "must be a JSON object but was " + kind));
  }

  @Test
  void echoesAtMost64PrintableCharactersOfAName() {
    ObjectNode body = JSON.createObjectNode().put("title", "x");
    body.put("\uD83D\uDE00".repeat(100), 1);
    body.put("a\u0000\r\n\u001b[31m\u202E\uD800\u2028b", 1);

    assertThat(((Invalid) TodoInput.read(body)).errors())
        .extracting(FieldError::field)
        .containsExactly("\uD83D\uDE00".repeat(64), "a????[31m???b");
  }

  @Test
  void boundsItsAnswerWhateverIsSent() {
    ObjectNode body = JSON.createObjectNode().put("title", "x");
    for (int i = 0; i < 10_000; i++) {
      body.put("field" + i, i);
    }

    List<FieldError> errors = ((Invalid) TodoInput.read(body)).errors();

    assertThat(errors).hasSize(21);
    assertThat(errors.get(20)).isEqualTo(new FieldError("", "has 9980 more unknown fields"));
  }

  @Test
  void neverEchoesAValue() {
    assertThat(errors("{'title':{'secret':'s3cr3t'},'completed':'s3cr3t','x':'s3cr3t'}")
            .toString())
        .doesNotContain("s3cr3t");
  }

  private static List<FieldError> errors(String json) {
    return ((Invalid) read(json)).errors();
  }

  private static TodoInput read(String json) {
    return TodoInput.read(parsed(json));
  }

  private static TodoInput patch(String json) {
    return TodoInput.readPatch(parsed(json));
  }

  private static JsonNode parsed(String json) {
    try {
      return JSON.readTree(json.replace('\'', '"'));
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }
}
