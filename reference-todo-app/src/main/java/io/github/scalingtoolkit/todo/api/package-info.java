/** The requests of the service: what each takes, what it answers, and nothing of how that is done below. */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.todo.api;
