/** What operators ask one process: whether it is alive, ready and started, and its metrics. */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.todo.admin;
