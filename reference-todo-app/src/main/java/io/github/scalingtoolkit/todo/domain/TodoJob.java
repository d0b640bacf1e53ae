package io.github.scalingtoolkit.todo.domain;

/**
 * The store's record of a todo's notification.
 *
 * @param owner the receiver
 * @param owed whether its entry is still in the outbox
 */
public record TodoJob(UserId owner, boolean owed) {}
