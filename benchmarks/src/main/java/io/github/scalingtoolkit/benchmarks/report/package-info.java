/** What was measured, as data, and the report that is made of it and of nothing else. */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.benchmarks.report;
