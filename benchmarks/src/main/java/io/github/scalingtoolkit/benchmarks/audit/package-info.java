/** The figures that the tutorial publishes, held against arithmetic. */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.benchmarks.audit;
