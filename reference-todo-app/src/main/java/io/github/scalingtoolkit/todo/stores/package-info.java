/** The data directory of one owner at a time, and the interface of the demo's embedded stores. */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.todo.stores;
