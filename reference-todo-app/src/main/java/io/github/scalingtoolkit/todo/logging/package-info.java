/** How the service logs: one line per event, to standard output, without stack traces. */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.todo.logging;
