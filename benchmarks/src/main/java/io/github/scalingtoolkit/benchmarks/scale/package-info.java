/** Services side by side, each in processes of its own: how they are started, loaded and ended. */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.benchmarks.scale;
