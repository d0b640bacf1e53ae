/** The work after a todo is stored: its notification, delivered at least once whatever fails in between. */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.todo.jobs;
