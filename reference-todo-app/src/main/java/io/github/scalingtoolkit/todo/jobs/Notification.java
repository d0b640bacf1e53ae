package io.github.scalingtoolkit.todo.jobs;

/**
 * The payload of a {@code sendEmail} job, word for word what the contract says.
 *
 * @param userId who created the todo
 * @param todoId which one it is
 */
public record Notification(String userId, String todoId) {}
