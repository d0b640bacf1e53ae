/**
 * A circuit breaker in front of a remote dependency: cheap while the dependency works, and an immediate answer while it does not.
 *
 * <pre>{@code
 * Guard mongo = Guard.builder("mongo").countWindow(20).minimumCalls(10).build();
 * Todo todo = mongo.call(() -> repository.find(id));
 * }</pre>
 */
package io.github.scalingtoolkit.core.guard;
