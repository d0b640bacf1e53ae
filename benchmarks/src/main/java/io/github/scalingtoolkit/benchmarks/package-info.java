/** Benchmarks of the toolkit beside their floors: {@code java -jar benchmarks/target/benchmarks.jar}. */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.benchmarks;
