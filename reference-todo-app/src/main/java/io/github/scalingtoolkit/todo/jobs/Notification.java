package io.github.scalingtoolkit.todo.jobs;

/**
 * The payload of a {@code sendEmail} job, exactly as in the contract.
 *
 * @param userId who created the todo
 * @param todoId the todo
 */
public record Notification(String userId, String todoId) {}
