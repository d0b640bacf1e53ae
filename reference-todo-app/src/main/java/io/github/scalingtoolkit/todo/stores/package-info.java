/** The data directory of one owner at a time, and the seam through which a demo brings stores of its own. */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.todo.stores;
