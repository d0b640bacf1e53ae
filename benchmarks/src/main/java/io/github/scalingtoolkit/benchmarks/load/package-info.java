/** The load generator: what it sends, what it takes for an answer, and when its figures count. */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.benchmarks.load;
