package io.github.scalingtoolkit.todo.domain;

/**
 * What a store knows of a todo's notification.
 *
 * @param owner whom it is for
 * @param owed whether its entry is in the outbox still
 */
public record TodoJob(UserId owner, boolean owed) {}
