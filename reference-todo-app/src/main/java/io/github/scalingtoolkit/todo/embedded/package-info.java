/** Stores that start inside the demo: nothing to install, and nothing acknowledged is lost. Not in the slim jar. */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.todo.embedded;
