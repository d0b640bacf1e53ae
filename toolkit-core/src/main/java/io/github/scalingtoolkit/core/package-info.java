/** The two functional types that the other packages take: {@link io.github.scalingtoolkit.core.Action} and its like. */
package io.github.scalingtoolkit.core;
