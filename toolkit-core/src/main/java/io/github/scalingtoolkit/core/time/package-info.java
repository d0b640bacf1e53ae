/** Time that can be stepped: a clock to inject, a deadline to hand on, and how long to wait after failures. */
package io.github.scalingtoolkit.core.time;
