/** Two builds of the libraries, measured in turn. */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.benchmarks.builds;
