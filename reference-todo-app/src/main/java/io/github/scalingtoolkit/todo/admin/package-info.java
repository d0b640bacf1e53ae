/** What operators ask of one process: is it alive, ready, started, and how is it doing. */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.todo.admin;
