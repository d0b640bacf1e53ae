package io.github.scalingtoolkit.todo.todos;

import io.github.scalingtoolkit.cache.Codec;
import io.github.scalingtoolkit.todo.domain.ETags;
import io.github.scalingtoolkit.todo.domain.TodoJson;
import io.github.scalingtoolkit.todo.domain.TodoPage;
import io.github.scalingtoolkit.todo.domain.TodoStore;
import io.github.scalingtoolkit.todo.domain.UserId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A page of a user's list as sent to clients. The cache keeps this form, so that a hit needs no JSON work.
 *
 * @param json the bare array; never changed
 * @param etag a strong tag of it, with its quotes
 * @param next the id after which the next page begins, or null if this is the last
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared; the bytes are shared and never changed.
public record ListPage(byte[] json, String etag, @Nullable String next) {
  /** The stored form of a page: a version byte, the length of the id, the id, and the array. */
  public static final Codec<ListPage> CODEC = new PageCodec();

  /** Returns the first page of {@code owner}'s list, as {@code store} has it. */
  static ListPage first(TodoStore store, UserId owner) {
    return of(store.listByUser(owner, TodoStore.MAX_PAGE, null));
  }

  /** Writes {@code page}. */
  public static ListPage of(TodoPage page) {
    return of(
        TodoJson.write(page.todos()), page.next() == null ? null : page.next().hex());
  }

  private static ListPage of(byte[] json, @Nullable String next) {
    return new ListPage(json, ETags.of(json), next);
  }

  private static final class PageCodec implements Codec<ListPage> {
    private static final byte FORM = 1;

    @Override
    public byte[] encode(ListPage page) {
      byte[] next = page.next == null ? new byte[0] : page.next.getBytes(StandardCharsets.US_ASCII);
      return ByteBuffer.allocate(2 + next.length + page.json.length)
          .put(FORM)
          .put((byte) next.length)
          .put(next)
          .put(page.json)
          .array();
    }

    @Override
    public ListPage decode(byte[] bytes) {
      ByteBuffer in = ByteBuffer.wrap(bytes);
      if (in.get() != FORM) {
        throw new IllegalArgumentException("a list page of another form");
      }
      byte[] next = new byte[in.get()];
      in.get(next);
      byte[] json = new byte[in.remaining()];
      in.get(json);
      return ListPage.of(
          json, next.length == 0 ? null : new String(next, StandardCharsets.US_ASCII));
    }
  }
}
