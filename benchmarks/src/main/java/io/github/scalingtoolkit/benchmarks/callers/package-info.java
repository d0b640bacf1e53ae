/** Many callers of one Redis: over shared connections, over a pool, and over the clients of others. */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.benchmarks.callers;
