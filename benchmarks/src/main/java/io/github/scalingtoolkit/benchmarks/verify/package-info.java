/** The contract, asked of a running service. */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.benchmarks.verify;
