/** How long a write through one cache is unseen by another. */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.benchmarks.invalidation;
