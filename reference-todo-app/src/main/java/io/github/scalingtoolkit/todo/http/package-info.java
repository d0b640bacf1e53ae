/**
 * HTTP on Undertow: listening, routing, limits, headers and errors. It does not depend on todos.
 *
 * <p>The path of a request: {@link io.github.scalingtoolkit.todo.http.Front} (headers, CORS, timing) → {@link
 * io.github.scalingtoolkit.todo.http.Router} → the request limit → its handler, on the IO thread or, where it blocks, on
 * a thread of its own.
 */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.todo.http;
