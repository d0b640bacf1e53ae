/** Small things that the modules of the toolkit share. Exported to them alone: no API. */
@NullMarked
package io.github.scalingtoolkit.core.internal;

import org.jspecify.annotations.NullMarked;
