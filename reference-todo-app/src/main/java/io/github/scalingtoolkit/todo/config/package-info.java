/** The settings of the service, read once and checked together. */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.todo.config;
