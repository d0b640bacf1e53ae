/**
 * A cache-aside helper that never serves a value older than a completed write.
 *
 * <pre>{@code
 * CacheAside<String, Todo> todos = CacheAside.builder(redis, "todos", Codec.json(Todo.class))
 *     .timeToLive(Duration.ofMinutes(5))
 *     .build();
 *
 * Todo todo = todos.get(id, repository::find);
 * todos.write(id, () -> repository.save(changed));
 * }</pre>
 */
package io.github.scalingtoolkit.cache;
