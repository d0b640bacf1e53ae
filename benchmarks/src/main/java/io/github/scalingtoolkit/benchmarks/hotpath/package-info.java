/**
 * The hot path of each library by JMH, beside its floor. The rivals' are in {@code peers/java}, a program of its own.
 */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.benchmarks.hotpath;
