/** Strict and fast JWT verification and issuing. */
@org.jspecify.annotations.NullMarked
module io.github.scalingtoolkit.auth {
  requires static transitive org.jspecify;
  requires static micrometer.core;
  requires org.slf4j;

  exports io.github.scalingtoolkit.auth;
}
