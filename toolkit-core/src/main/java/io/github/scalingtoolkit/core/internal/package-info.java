/** Small helpers that the modules of the toolkit share. Exported only to them: not an API. */
@NullMarked
package io.github.scalingtoolkit.core.internal;

import org.jspecify.annotations.NullMarked;
