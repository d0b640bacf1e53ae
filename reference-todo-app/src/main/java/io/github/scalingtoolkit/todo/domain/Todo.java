package io.github.scalingtoolkit.todo.domain;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A todo as it is stored.
 *
 * <p>The title is text and not a {@link Title}, because a document that another application wrote is read as it is.
 *
 * @param id its id
 * @param title its title
 * @param completed whether it is done
 * @param order its place among others, where clients sort by it; null if it has none
 * @param userId its owner
 * @param createdAt when it was made, in whole milliseconds
 * @param updatedAt when it was last changed by a user, in whole milliseconds
 */
public record Todo(
    TodoId id,
    String title,
    boolean completed,
    @Nullable Double order,
    UserId userId,
    Instant createdAt,
    Instant updatedAt) {}
