/** A Todo service on the toolkit. */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.todo.run;
