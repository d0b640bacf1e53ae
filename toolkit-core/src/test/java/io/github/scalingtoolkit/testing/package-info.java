/** Real servers that the tests of every module start, hurt and stop. Never part of what users get. */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.testing;
