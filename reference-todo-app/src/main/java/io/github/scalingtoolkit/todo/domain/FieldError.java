package io.github.scalingtoolkit.todo.domain;

/**
 * One error in a request body: an element of {@code errors} in its 422.
 *
 * @param field the field, safe to show; empty if it is the body as a whole
 * @param message what is wrong with it, without the value
 */
public record FieldError(String field, String message) {}
