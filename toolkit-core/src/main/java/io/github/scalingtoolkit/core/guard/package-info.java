/**
 * A circuit breaker in front of a remote dependency: cheap while all is well, and an answer at once while it is not.
 *
 * <pre>{@code
 * Guard mongo = Guard.builder("mongo").countWindow(20).minimumCalls(10).build();
 * Todo todo = mongo.call(() -> repository.find(id));
 * }</pre>
 */
package io.github.scalingtoolkit.core.guard;
